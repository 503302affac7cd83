using Microsoft.Data.Sqlite;

namespace WanSharp.Jobs.Storage;

/// <summary>The jobs' database: one connection that writes, and one that reads meanwhile. Thread-safe.</summary>
/// <remarks>
/// WAL, so that readers do not wait while the disk takes what is written; every transaction that writes begins with
/// <c>BEGIN IMMEDIATE</c>, so that none fails halfway because another process wrote. A commit survives the process at once, and the
/// machine after the next checkpoint, which SQLite makes by itself. What must survive the machine at once is in the journal before it is
/// committed here, and is read from there again (<see cref="JournalIndex"/>).
/// </remarks>
internal sealed class JobDatabase : IDisposable
{
    private const int BusyMilliseconds = 20_000;
    private const int SqliteFull = 13;
    private const int SqliteReadOnly = 8;
    private const int SqliteCannotOpen = 14;
    private const int SqliteCorrupt = 11;
    private const int SqliteNotADatabase = 26;

    private readonly string _path;
    private readonly SqliteConnection _writer;
    private readonly SqliteConnection _reader;
    private readonly Lock _writing = new();
    private readonly Lock _reading = new();

    private JobDatabase(string path)
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString;
        (_path, _writer, _reader) = (path, new SqliteConnection(connection), new SqliteConnection(connection));
    }

    /// <summary>Opens the database, and makes it if it is not there.</summary>
    /// <exception cref="JobStoreException">It cannot be opened, is damaged (<see cref="IsDamage"/>), or is of a newer version.</exception>
    public static JobDatabase Open(string path)
    {
        var database = new JobDatabase(path);
        try
        {
            database.Prepare();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Whether an error means that the file's content is damaged.</summary>
    public static bool IsDamage(JobStoreException exception) =>
        exception.InnerException is SqliteException { SqliteErrorCode: SqliteCorrupt or SqliteNotADatabase }
        || exception.InnerException is InvalidDataException;

    /// <summary>Whether an error means that the file or its folder cannot be written.</summary>
    public static bool IsReadOnly(JobStoreException exception) =>
        exception.InnerException is SqliteException { SqliteErrorCode: SqliteReadOnly or SqliteCannotOpen };

    /// <summary>Runs statements that only read; within a transaction of the same thread they see what it wrote.</summary>
    public T Read<T>(Func<SqliteConnection, T> read) =>
        _writing.IsHeldByCurrentThread ? read(_writer) : Guarded(_reading, () => read(_reader));

    /// <summary>Runs statements in one transaction that holds off other writers from its beginning.</summary>
    public T Write<T>(Func<SqliteConnection, T> write) =>
        Guarded(
            _writing,
            () =>
            {
                using var transaction = _writer.BeginTransaction(deferred: false);
                var result = write(_writer);
                transaction.Commit();
                return result;
            }
        );

    public void Dispose()
    {
        _reader.Dispose(); // first: whoever closes the last connection tidies up, and this one has written nothing
        _writer.Dispose();
    }

    private void Prepare() =>
        Guarded(
            _writing,
            () =>
            {
                _writer.Open();
                _writer.Run($"PRAGMA busy_timeout={BusyMilliseconds}; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;");
                if (_writer.Scalar<string>("PRAGMA quick_check(1)") is var check && check != "ok")
                {
                    throw Damaged(new InvalidDataException(check));
                }

                using var transaction = _writer.BeginTransaction(deferred: false);
                switch (_writer.Scalar<long>("PRAGMA user_version"))
                {
                    case 0:
                        _writer.Run($"{JobSchema.Create} PRAGMA user_version={JobSchema.Version}");
                        break;
                    case > 0 and < JobSchema.Version and var version:
                        Upgrade(version);
                        break;
                    case > JobSchema.Version:
                        throw new JobStoreException($"{_path} was written by a newer version of WanSharp: use that version.");
                }

                transaction.Commit();
                _reader.Open();
                _reader.Run($"PRAGMA busy_timeout={BusyMilliseconds}; PRAGMA query_only=1");
                return true;
            }
        );

    private void Upgrade(long version)
    {
        const int SqliteError = 1;
        SqliteException? failure = null;
        try
        {
            _writer.Run($"{JobSchema.UpgradeFrom(version)} PRAGMA user_version={JobSchema.Version}");
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == SqliteError)
        {
            failure = exception;
        }

        // Of several statements, only the first tells that it failed.
        if (_writer.Scalar<long>("PRAGMA user_version") != JobSchema.Version)
        {
            throw new JobStoreException(
                $"{_path} does not have the tables of its version (user_version {version}): move it away, then resume, which makes it "
                    + "again from jobs.jsonl and the clips.",
                failure
            );
        }
    }

    private T Guarded<T>(Lock gate, Func<T> run)
    {
        lock (gate)
        {
            try
            {
                return run();
            }
            catch (SqliteException exception)
            {
                throw Explain(exception);
            }
        }
    }

    private JobStoreException Explain(SqliteException exception) =>
        exception.SqliteErrorCode switch
        {
            SqliteFull => new JobStoreException($"The disk of {_path} is full: free space, then resume.", exception),
            SqliteReadOnly or SqliteCannotOpen => new JobStoreException(
                $"{_path} cannot be written ({Reason()}): make it and its folder writable, then resume.",
                exception
            ),
            SqliteCorrupt or SqliteNotADatabase => Damaged(exception),
            _ => new JobStoreException($"{_path}: {exception.Message}", exception),
        };

    /// <summary>What the system says of the folder: SQLite itself says only that it cannot.</summary>
    private string Reason()
    {
        var probe = $"{_path}.{Guid.NewGuid():N}.probe";
        try
        {
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return File.Exists(_path) && File.GetAttributes(_path).HasFlag(FileAttributes.ReadOnly)
                ? "the file is read-only"
                : "another program has it open, or access is denied";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message.Replace(probe, Path.GetDirectoryName(_path), StringComparison.Ordinal);
        }
    }

    private JobStoreException Damaged(Exception inner) =>
        new($"{_path} is damaged ({inner.Message}): resume, which rebuilds it from jobs.jsonl and the clips.", inner);
}
