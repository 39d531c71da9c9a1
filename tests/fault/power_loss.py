"""What a disk may hold after the power went: read from the log of recorder.c.

The model: a write is safe once a sync of its file, begun after it, has ended. Until then it may have come to the disk or not, or only
some of its 512-byte sectors have, whatever became of writes before and after it. A file's name is safe with a sync of the file
or of the folder; a removal or renaming with a sync of the folder.
"""
import os
import struct

HEAD = struct.Struct("=QQIIII")
OPENED, CREATED, WRITTEN, TRUNCATED, SYNC_BEGUN, SYNC_ENDED, RENAMED, UNLINKED = range(1, 9)
SECTOR = 512
MODES = ("drop", "torn", "keep")


class Record:
    __slots__ = ("at", "offset", "file", "operation", "data")

    def __init__(self, at, offset, file, operation, data):
        self.at, self.offset, self.file, self.operation, self.data = at, offset, file, operation, data


def read_log(path):
    with open(path, "rb") as file:
        content = file.read()
    records, place = [], 0
    while place + HEAD.size <= len(content):
        at, offset, length, file, operation, _ = HEAD.unpack_from(content, place)
        place += HEAD.size
        records.append(Record(at, offset, file, operation, content[place:place + length]))
        place += length
    return records


class Inode:
    """What is safe of one file, and what is on its way, in order."""

    def __init__(self):
        self.safe, self.pending, self.begun, self.named = bytearray(), [], {}, False

    def begin_sync(self, file):
        self.begun[file] = len(self.pending)

    def end_sync(self, file, succeeded):
        count = self.begun.pop(file, 0)
        if not succeeded:
            return
        for operation in self.pending[:count]:
            apply(self.safe, operation)
        self.pending = self.pending[count:]
        self.begun = {other: max(0, begun - count) for other, begun in self.begun.items()}
        self.named = True


def apply(content, record):
    if record.operation == TRUNCATED:
        del content[record.offset:]
        content.extend(bytes(record.offset - len(content)))
        return
    patch(content, record.offset, record.data)


def patch(content, offset, data):
    content.extend(bytes(max(0, offset - len(content))))
    content[offset:offset + len(data)] = data


def tear(content, record, dice):
    """Some of its sectors."""
    if record.operation == TRUNCATED:
        return apply(content, record) if dice.random() < 0.5 else None
    for start in range(0, len(record.data), SECTOR):
        if dice.random() < 0.5:
            patch(content, record.offset + start, record.data[start:start + SECTOR])
    return None


def persist(content, record, mode, dice):
    fate = mode if mode != "torn" else dice.choice(("drop", "torn", "keep"))
    if fate == "keep":
        apply(content, record)
    elif fate == "torn":
        tear(content, record, dice)


class Disk:
    """Follows the log; image() says what the disk may hold where it stands."""

    def __init__(self):
        self.names, self.safe_names, self.inodes = {}, {}, {}  # name -> inode now, on the disk; number of open() -> inode or None

    def take(self, record):
        if record.operation in (OPENED, CREATED):
            self._open(record)
        elif record.operation in (WRITTEN, TRUNCATED):
            self._inode(record).pending.append(record)
        elif record.operation in (SYNC_BEGUN, SYNC_ENDED):
            self._sync(record)
        elif record.operation == UNLINKED:
            self.names.pop(record.data.decode(), None)
        elif record.operation == RENAMED:
            before, after = record.data.decode().split("\0")
            self.names[after] = self.names.pop(before)

    def _inode(self, record):
        return self.inodes[record.file]

    def _open(self, record):
        name = record.data.decode()
        if name == ".":
            self.inodes[record.file] = None
            return
        if record.operation == CREATED or name not in self.names:
            self.names[name] = Inode()
        self.inodes[record.file] = self.names[name]

    def _sync(self, record):
        inode = self._inode(record)
        if record.operation == SYNC_BEGUN:
            if inode is not None:
                inode.begin_sync(record.file)
            return
        if inode is not None:
            inode.end_sync(record.file, record.offset == 1)
            for name, other in self.names.items():
                if other is inode and inode.named:
                    self.safe_names[name] = inode
        elif record.offset == 1:
            self.safe_names = dict(self.names)

    def image(self, mode, dice):
        """Name -> content."""
        found = dict(self.safe_names)
        for name in set(self.names) | set(self.safe_names):
            if self.names.get(name) is self.safe_names.get(name):
                continue
            if mode == "keep" or mode == "torn" and dice.random() < 0.5:
                if name in self.names:
                    found[name] = self.names[name]
                else:
                    found.pop(name, None)
        image = {}
        for name, inode in found.items():
            content = bytearray(inode.safe)
            for record in inode.pending:
                persist(content, record, mode, dice)
            image[name] = content
        return image


def moments(records, count, dice):
    """Indexes of records before which the power goes; half of them around the end of a sync, where promises change."""
    ends = [index for index, record in enumerate(records) if record.operation == SYNC_ENDED]
    chosen = []
    for number in range(count):
        if number % 2 == 0 and ends:
            chosen.append(min(dice.choice(ends) + dice.choice((0, 0, 1)), len(records) - 1))
        else:
            chosen.append(dice.randrange(1, len(records)))
    return sorted(chosen)


def images(records, count, dice):
    """(time in ns until which the disk may have been like this, mode, image), in the order of time."""
    disk, done = Disk(), 0
    for number, index in enumerate(moments(records, count, dice)):
        while done < index:
            disk.take(records[done])
            done += 1
        mode = MODES[number // 2 % len(MODES)]  # each of them at syncs and elsewhere
        yield records[index].at, mode, disk.image(mode, dice)


def write_image(image, folder):
    os.makedirs(folder, exist_ok=True)
    for name, content in image.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
