"""The report's limits: how much memory, how many threads, how many kept versions and rows, each with its reason."""

# the reader: a hosted report answers strangers, so what one query may take is bounded; every query of the report fits
READER_MEMORY = "256MB"
READER_THREADS = 2
# the build runs beside visitors and leaves most of a small host's memory to them; many small files are read faster by
# one thread than by two, which wait for each other
BUILD_MEMORY = "400MB"
BUILD_THREADS = 1
# built versions that are kept: the current one, the one that open pages still read, and one more
KEPT_VERSIONS = 3
# a new file is built whole where going on from the version before deletes more of its runs, or has let the file grow by
# more, in percent: it is then quicker, and smaller
DELETED_PERCENT = 25
GROWN_PERCENT = 50

# results of queries that a server keeps of a version: all views with some of their controls' settings
CACHED_QUERIES = 1_000
# chart specifications that a server keeps: every chart of the report with its arguments
CACHED_CHARTS = 100
# rows of a table that is shown whole; a longer one scrolls
WHOLE_TABLE_ROWS = 20
# width of a column of text in pixels: some ninety characters a line, however wide the window
READABLE_PX = 860
# characters that are repeated of a question that an address names and the report does not have
REPEATED_CHARACTERS = 20
# seconds between two times that a server takes what it holds out of the garbage collector's sight, some 80 ms each
SETTLE_S = 60.0
# size of a log that a reader brings, in MiB: 100,000 steps with ten columns fit; reading it takes a server's core some
# seconds, which other visitors wait for
UPLOAD_MB = 16
# the scheduler's sandbox simulates four schedulers while a reader waits: with as many jobs, machines and intervals a
# rerun stays below a second
SANDBOX_JOBS = 20
SANDBOX_MACHINES = 40
SANDBOX_INTERVALS = 100
