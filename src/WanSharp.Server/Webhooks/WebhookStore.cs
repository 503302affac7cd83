using Microsoft.Data.Sqlite;
using WanSharp.Jobs.Storage;

namespace WanSharp.Server.Webhooks;

/// <summary>The messages, durable: one that is there is sent until it is taken or given up. Thread-safe.</summary>
internal sealed class WebhookStore : IDisposable
{
    private const string Columns = "id, url, type, body, state, attempts, created_at, next_at, error";

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;

    /// <param name="path">The database, made if it is not there.</param>
    /// <exception cref="JobStoreException">The file cannot be used.</exception>
    public WebhookStore(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            _connection.Open();
            Prepare();
        }
        catch (SqliteException exception)
        {
            _connection.Dispose();
            throw new JobStoreException(
                $"{path} cannot be used: {exception.Message} If it is damaged, move it away; messages in it that wait are not sent then.",
                exception
            );
        }
    }

    private void Prepare() =>
        Run(
            """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
            CREATE TABLE IF NOT EXISTS endpoints (url TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT;
            CREATE TABLE IF NOT EXISTS deliveries (
                id TEXT NOT NULL, url TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0,
                attempts INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, next_at INTEGER NOT NULL, error TEXT,
                PRIMARY KEY (id, url)) STRICT;
            CREATE TABLE IF NOT EXISTS noted (only INTEGER PRIMARY KEY CHECK (only = 0), at INTEGER NOT NULL) STRICT;
            DROP INDEX IF EXISTS due;
            CREATE INDEX IF NOT EXISTS due_of ON deliveries (url, state, next_at);
            """
        );

    /// <summary>Since when an address is told of what happens: from the first time that the server was started with it.</summary>
    public long Since(string url, long now)
    {
        Run("INSERT INTO endpoints VALUES ($url, $now) ON CONFLICT DO NOTHING", ("$url", url), ("$now", now));
        return Query("SELECT since FROM endpoints WHERE url = $url", row => row.GetInt64(0), ("$url", url))[0];
    }

    /// <summary>Adds a message, unless it is there.</summary>
    public void Add(string id, string url, string type, string body, long createdAt) =>
        Run(
            "INSERT INTO deliveries (id, url, type, body, created_at, next_at) VALUES ($id, $url, $type, $body, $created, $created) "
                + "ON CONFLICT DO NOTHING",
            ("$id", id),
            ("$url", url),
            ("$type", type),
            ("$body", body),
            ("$created", createdAt)
        );

    /// <summary>Up to when all that ended is noted here; null before the first time.</summary>
    public long? Noted() => Query("SELECT max(at) FROM noted", Integer)[0];

    /// <summary>Keeps up to when all that ended is noted.</summary>
    public void SetNoted(long time) => Run("INSERT OR REPLACE INTO noted VALUES (0, $time)", ("$time", time));

    /// <summary>Messages that are to be sent to an address now.</summary>
    public IReadOnlyList<Delivery> Due(string url, long now, int most) =>
        Query(
            $"SELECT {Columns} FROM deliveries WHERE url = $url AND state = 0 AND next_at <= $now ORDER BY next_at LIMIT $most",
            Read,
            ("$url", url),
            ("$now", now),
            ("$most", most)
        );

    /// <summary>When the next message to an address is to be sent; null where none waits.</summary>
    public long? NextAt(string url) =>
        Query("SELECT min(next_at) FROM deliveries WHERE url = $url AND state = 0", Integer, ("$url", url))[0];

    /// <summary>Forgets messages that were taken or given up, and are older than a time.</summary>
    public void Prune(DateTimeOffset time) =>
        Run("DELETE FROM deliveries WHERE state <> 0 AND created_at < $time", ("$time", time.ToUnixTimeSeconds()));

    /// <summary>Messages in a state, the latest first.</summary>
    public IReadOnlyList<Delivery> List(DeliveryState? state, int most) =>
        Query(
            $"SELECT {Columns} FROM deliveries WHERE $state IS NULL OR state = $state ORDER BY created_at DESC, id LIMIT $most",
            Read,
            ("$state", state is { } one ? (int)one : null),
            ("$most", most)
        );

    /// <summary>Notes what became of an attempt.</summary>
    public void Note(Delivery delivery, DeliveryState state, long nextAt, string? error) =>
        Run(
            "UPDATE deliveries SET state = $state, attempts = attempts + 1, next_at = $next, error = $error WHERE id = $id AND url = $url",
            ("$state", (int)state),
            ("$next", nextAt),
            ("$error", error),
            ("$id", delivery.Id),
            ("$url", delivery.Url)
        );

    /// <summary>Sends messages again that were given up.</summary>
    /// <param name="id">A message; null for all.</param>
    /// <param name="now">When.</param>
    /// <returns>How many there were.</returns>
    public int Retry(string? id, long now) =>
        Run(
            "UPDATE deliveries SET state = 0, attempts = 0, next_at = $now WHERE state = 2 AND ($id IS NULL OR id = $id)",
            ("$id", id),
            ("$now", now)
        );

    public void Dispose() => _connection.Dispose();

    private static Delivery Read(SqliteDataReader row) =>
        new(
            row.GetString(0),
            row.GetString(1),
            row.GetString(2),
            row.GetString(3),
            (DeliveryState)row.GetInt32(4),
            row.GetInt32(5),
            row.GetInt64(6),
            row.GetInt64(7),
            row.IsDBNull(8) ? null : row.GetString(8)
        );

    private static long? Integer(SqliteDataReader row) => row.IsDBNull(0) ? null : row.GetInt64(0);

    private int Run(string sql, params (string Name, object? Value)[] parameters)
    {
        lock (_gate)
        {
            using var command = Command(sql, parameters);
            return command.ExecuteNonQuery();
        }
    }

    private List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        lock (_gate)
        {
            using var command = Command(sql, parameters);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        }
    }

    private SqliteCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }
}
