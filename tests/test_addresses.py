"""Mail and results in S3, and in whatever Hadoop's file systems reach: the same files as on a disk."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from enronlib import UserError
from enronlib.engines import run_engine
from enronlib.engines.addresses import local_path, open_folder
from enronlib.engines.packing import pack
from enronlib.events import jars
from enronlib.sample import write_sample
from enronlib.workflow import run_workflow

needs_spark = pytest.mark.skipif(not (find_spec("pyspark") and shutil.which("java")), reason="Spark needs Java")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("maildir", "maildir"),
        ("/a/b c", "/a/b c"),
        ("file:///a/b c", "/a/b c"),
        ("file:/a", "/a"),
        ("C:/mail", "C:/mail"),
        ("a:b", "a:b"),
        ("s3://bucket/mail", None),
        ("hdfs:///mail", None),
    ],
)
def test_a_path_is_local_and_an_address_is_not(address, path):
    assert local_path(address) == (None if path is None else Path(path))


@pytest.fixture
def bucket(monkeypatch):
    """An S3 server with a bucket; the address of a folder in it."""
    server_module = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    import boto3

    server = server_module.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"ENDPOINT_URL": f"http://{host}:{port}", "DEFAULT_REGION": "us-east-1"}
    for name, value in (settings | {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    boto3.client("s3").create_bucket(Bucket="mail")
    s3fs.S3FileSystem.clear_instance_cache()  # connected to the server of another test
    yield "s3://mail/2001"
    server.stop()


def fetch(address, folder):
    """Copy everything at an address into a local folder."""
    remote = open_folder(address)
    for name in remote.find(""):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(remote.read(name))
    return folder


def files(folder):
    """Return the visible files below a folder, those of counts and charts with their content."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    visible = sorted(path for path in paths if not any(part.startswith(".") for part in path.parts))
    return {path.as_posix(): path.suffix != ".parquet" and (folder / path).read_bytes() for path in visible}


@pytest.fixture
def expected(tmp_path):
    """What the workflow writes for the mail in tmp_path / "sample"."""
    maildir = write_sample(tmp_path / "sample", 200)
    assert run_workflow(maildir, tmp_path / "workflow", workers=1, progress=False).succeeded
    return files(tmp_path / "workflow")


def test_dask_reads_and_writes_s3(bucket, expected, tmp_path):
    pack(tmp_path / "sample/maildir", f"{bucket}/packed")
    run_engine("dask", f"{bucket}/packed", f"{bucket}/out", workers=2)
    assert files(fetch(f"{bucket}/out", tmp_path / "fetched")) == expected
    assert len(open_folder(f"{bucket}/out").find("")) == len(expected), "no other files are left"


@needs_spark
@pytest.mark.skipif("ENRON_TEST_S3A" not in os.environ, reason="fetches 640 MB: set ENRON_TEST_S3A=1")
def test_spark_reads_and_writes_s3(bucket, expected, tmp_path):
    pack(tmp_path / "sample/maildir", f"{bucket}/packed")
    settings = {
        "spark.jars": ",".join(map(str, jars.fetch("s3a"))),
        "spark.hadoop.fs.s3a.endpoint": os.environ["AWS_ENDPOINT_URL"],
        "spark.hadoop.fs.s3a.path.style.access": "true",  # the name of the bucket is no host name here
    }
    options = [f"--conf {name}={value}" for name, value in settings.items()]
    address = bucket.replace("s3:", "s3a:")
    command = [sys.executable, "-m", "enronlib", "run", f"{address}/packed", "--out", f"{address}/out"]
    done = subprocess.run(
        [*command, "--engine", "spark", "--workers", "2"],
        env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": " ".join([*options, "pyspark-shell"])},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert files(fetch(f"{bucket}/out", tmp_path / "fetched")) == expected
    assert len(open_folder(f"{bucket}/out").find("")) == len(expected), "no other files are left"


@needs_spark
def test_spark_reads_and_writes_what_hadoop_opens(expected, tmp_path, monkeypatch):
    """Hadoop's own `file:` plays the part of HDFS: the engine must not notice that it is a disk."""
    for module in ("enronlib.engines", "enronlib.engines.on_spark"):
        monkeypatch.setattr(f"{module}.local_path", lambda address: None)
    pack(tmp_path / "sample/maildir", str(tmp_path / "packed"))
    run_engine("spark", f"file://{tmp_path}/packed", f"file://{tmp_path}/out", workers=2)
    assert files(tmp_path / "out") == expected


@needs_spark
@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("s3a://bucket/mail", "Spark needs the package org.apache.hadoop:hadoop-aws:"),
        ("hdfs://127.0.0.1:9/mail", "Connection refused"),
        ("nothing://x/y", "nothing"),
    ],
)
def test_spark_refuses_an_address_that_it_cannot_open(tmp_path, address, advice):
    with pytest.raises(UserError, match=f"^Spark cannot open {address}: .*{advice}"):
        run_engine("spark", address, str(tmp_path / "out"), workers=1)


def test_dask_refuses_an_address_that_it_cannot_open(tmp_path):
    for address, advice in (("gs://bucket/x", "gcsfs"), ("nothing://x/y", "cannot open nothing://x/y: ")):
        with pytest.raises(UserError, match=advice):
            run_engine("dask", address, str(tmp_path / "out"), workers=1)


def test_an_address_without_packed_mail_is_one_clear_line(bucket, tmp_path):
    with pytest.raises(UserError, match=r"there is no packed mail at s3://mail/2001: make it with enronlib pack"):
        run_engine("dask", bucket, str(tmp_path / "out"), workers=1)


def test_an_s3_server_that_does_not_answer_is_one_clear_line(bucket, tmp_path, monkeypatch, promptly):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with promptly(), pytest.raises(UserError, match=r"cannot open s3://mail/2001: .*127\.0\.0\.1:9"):
        run_engine("dask", bucket, str(tmp_path / "out"), workers=1)
