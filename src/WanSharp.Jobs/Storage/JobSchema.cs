namespace WanSharp.Jobs.Storage;

/// <summary>The database's tables.</summary>
internal static class JobSchema
{
    /// <summary>Kept in <c>user_version</c>.</summary>
    public const int Version = 7;

    /// <remarks>
    /// The queue's index holds all that choosing the next job looks at, so that a choice among ten thousand reads a few hundred pages.
    /// <c>twin</c> is the beginning of the result key: jobs that have it in common do not run at the same time. <c>journal</c> says up
    /// to where the journal is in the tables, and how many jobs that were: where either differs, the database is an older or a damaged one.
    /// <c>came</c> has when jobs of owners came, whatever became of them since. <c>numbers</c> keeps the largest number that a deleted job
    /// had: SQLite would give it to the next one, while a runner or a client still means the other.
    /// </remarks>
    public const string Create = """
        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY,
            output TEXT NOT NULL UNIQUE,
            request TEXT NOT NULL,
            settings TEXT,
            style TEXT,
            priority INTEGER NOT NULL,
            execution_group INTEGER NOT NULL,
            feature_group INTEGER NOT NULL,
            result_key TEXT,
            twin INTEGER,
            overwrites INTEGER NOT NULL DEFAULT 0,
            state INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            deaths INTEGER NOT NULL DEFAULT 0,
            suspect INTEGER NOT NULL DEFAULT 0,
            position INTEGER NOT NULL DEFAULT 0,
            reached INTEGER NOT NULL DEFAULT 0,
            reached_before INTEGER NOT NULL DEFAULT 0,
            cancel INTEGER NOT NULL DEFAULT 0,
            worker TEXT,
            error TEXT,
            queued_at INTEGER NOT NULL,
            started_at INTEGER,
            finished_at INTEGER,
            artifact_sha256 TEXT,
            artifact_bytes INTEGER,
            artifact_time INTEGER,
            outcome TEXT,
            details TEXT,
            batch TEXT,
            held INTEGER NOT NULL DEFAULT 0,
            removed INTEGER NOT NULL DEFAULT 0,
            owner TEXT,
            place INTEGER
        ) STRICT;
        CREATE INDEX queue ON jobs (state, held, place, priority, queued_at, suspect, execution_group, feature_group, twin);
        CREATE INDEX owners ON jobs (owner, state) WHERE owner IS NOT NULL;
        CREATE TABLE came (owner TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
        CREATE INDEX came_at ON came (owner, at);
        CREATE INDEX twins ON jobs (twin, state);
        CREATE INDEX batches ON jobs (batch, state);
        CREATE INDEX deleted ON jobs (state) WHERE removed;
        CREATE TABLE journal (bytes INTEGER NOT NULL, jobs INTEGER NOT NULL) STRICT;
        INSERT INTO journal VALUES (0, 0);
        CREATE TABLE numbers (last INTEGER NOT NULL) STRICT;
        INSERT INTO numbers VALUES (0);
        CREATE TRIGGER keep_number AFTER DELETE ON jobs BEGIN UPDATE numbers SET last = max(last, old.id); END;
        """;

    /// <summary>From version 1, which counted deaths alone.</summary>
    private const string From1 = """
        ALTER TABLE jobs ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0;
        UPDATE jobs SET suspect = deaths > 0, deaths = 0;
        DROP INDEX queue;
        CREATE INDEX queue ON jobs (state, priority, queued_at, suspect, execution_group, feature_group, twin);
        """;

    /// <summary>
    /// From version 2, which had no journal and little about artifacts. The journal is read again and fills the gaps.
    /// </summary>
    private const string From2 = """
        ALTER TABLE jobs ADD COLUMN settings TEXT;
        ALTER TABLE jobs ADD COLUMN overwrites INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN artifact_bytes INTEGER;
        ALTER TABLE jobs ADD COLUMN artifact_time INTEGER;
        CREATE TABLE journal (bytes INTEGER NOT NULL, jobs INTEGER NOT NULL) STRICT;
        INSERT INTO journal VALUES (0, 0);
        """;

    /// <summary>From version 3, whose jobs came from files alone.</summary>
    private const string From3 = """
        ALTER TABLE jobs ADD COLUMN details TEXT;
        ALTER TABLE jobs ADD COLUMN batch TEXT;
        ALTER TABLE jobs ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
        DROP INDEX queue;
        CREATE INDEX queue ON jobs (state, held, priority, queued_at, suspect, execution_group, feature_group, twin);
        CREATE INDEX batches ON jobs (batch, state);
        """;

    /// <summary>From version 4, whose jobs were nobody's and had no order but that of their priorities.</summary>
    private const string From4 = """
        ALTER TABLE jobs ADD COLUMN owner TEXT;
        ALTER TABLE jobs ADD COLUMN place INTEGER;
        DROP INDEX queue;
        CREATE INDEX queue ON jobs (state, held, place, priority, queued_at, suspect, execution_group, feature_group, twin);
        CREATE INDEX owners ON jobs (owner, state) WHERE owner IS NOT NULL;
        CREATE TABLE came (owner TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
        CREATE INDEX came_at ON came (owner, at);
        """;

    /// <summary>From version 5, which looked through all jobs for those to delete.</summary>
    private const string From5 = "CREATE INDEX deleted ON jobs (state) WHERE removed;";

    /// <summary>From version 6, which gave the number of a deleted job to the next one.</summary>
    private const string From6 = """
        CREATE TABLE numbers (last INTEGER NOT NULL) STRICT;
        INSERT INTO numbers VALUES (0);
        CREATE TRIGGER keep_number AFTER DELETE ON jobs BEGIN UPDATE numbers SET last = max(last, old.id); END;
        """;

    private static readonly string[] Upgrades = [From1, From2, From3, From4, From5, From6];

    /// <summary>What makes the tables of an earlier version those of this one.</summary>
    public static string UpgradeFrom(long version) => string.Join('\n', Upgrades[((int)version - 1)..]);
}
