"""What servers of S3 answer to a conditional PUT, as s3fs tells it: created, there already, try again."""

import pytest
import s3fs
from botocore.exceptions import ClientError
from s3fs.core import _error_wrapper

from morsecensus.storage import remote_files
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.remote_files import RemoteFiles

NAMED = (412, {"Code": "PreconditionFailed", "Condition": "If-None-Match"})
UNNAMED = (412, {"Code": "PreconditionFailed", "Message": "At least one of the pre-conditions did not hold"})
BARE = (412, {"Code": "412", "Message": "Precondition Failed"})
CONFLICT = (409, {"Code": "ConditionalRequestConflict", "Message": "a conflicting operation"})
REFUSED = (403, {"Code": "AccessDenied", "Message": "Access Denied"})


@pytest.fixture
def files():
    return RemoteFiles(
        s3fs.S3FileSystem(anon=True, skip_instance_cache=True), "bucket/run", "s3://bucket/run"
    )


@pytest.fixture
def answers(monkeypatch):
    """What the server says to each PUT in turn, None for yes; what is left of it."""
    left = []

    async def call(self, method, **more):
        assert (method, more["IfNoneMatch"]) == ("put_object", "*")

        async def put():
            if (answer := left.pop(0)) is not None:
                status, error = answer
                raise ClientError(
                    {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject"
                )

        return await _error_wrapper(put, retries=1)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", call)
    monkeypatch.setattr(remote_files.time, "sleep", lambda _: None)
    return left


@pytest.mark.parametrize("there", [NAMED, UNNAMED, BARE])
def test_what_is_there_is_not_created(files, answers, there):
    answers += [there]
    assert files.create("lease.json", b"1") is False


@pytest.mark.parametrize(("last", "created"), [(None, True), (UNNAMED, False)])
def test_a_put_that_meets_another_is_tried_again(files, answers, last, created):
    answers += [CONFLICT, CONFLICT, last]
    assert files.create("lease.json", b"1") is created
    assert answers == []


def test_a_put_that_always_meets_another_ends(files, answers):
    answers += [CONFLICT] * 100
    with pytest.raises(RemoteError, match=r"lease.json: .*a conflicting operation"):
        files.create("lease.json", b"1")
    assert len(answers) > 90


def test_what_is_refused_is_not_tried_again(files, answers):
    answers += [REFUSED]
    with pytest.raises(RemoteError, match="Access Denied"):
        files.create("lease.json", b"1")
