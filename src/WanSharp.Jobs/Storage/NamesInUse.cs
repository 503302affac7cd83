using Microsoft.Data.Sqlite;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// The outputs of a folder's jobs without regard to case, as many disks take them. Jobs that came since are read with each question,
/// the others once. Thread-safe.
/// </summary>
internal sealed class NamesInUse
{
    private readonly Dictionary<string, List<string>> _outputs = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new();
    private long _last;

    /// <summary>The first of some outputs that such a disk takes for that of another job, and this one; null if there is none.</summary>
    public (string Output, string Other)? FindOther(SqliteConnection connection, IEnumerable<string> outputs)
    {
        lock (_gate)
        {
            Learn(connection);
            foreach (var output in outputs)
            {
                if (
                    _outputs.GetValueOrDefault(output) is { } alike
                    && !(alike.Contains(output) && IsThere(connection, output))
                    && alike.Find(known => known != output && IsThere(connection, known)) is { } other
                )
                {
                    return (output, other);
                }
            }

            return null;
        }
    }

    /// <summary>Reads what came since: numbers of jobs only grow, and one process writes at a time, so that none is missed.</summary>
    private void Learn(SqliteConnection connection)
    {
        foreach (
            var (id, output) in connection.Query(
                "SELECT id, output FROM jobs WHERE id > $last ORDER BY id",
                row => (row.GetInt64(0), row.GetString(1)),
                ("$last", _last)
            )
        )
        {
            Add(output);
            _last = id;
        }
    }

    private void Add(string output)
    {
        if (!_outputs.TryGetValue(output, out var alike))
        {
            _outputs.Add(output, alike = []);
        }

        if (!alike.Contains(output))
        {
            alike.Add(output);
        }
    }

    private static bool IsThere(SqliteConnection connection, string output) =>
        connection.Query("SELECT 1 FROM jobs WHERE output = $output AND NOT removed", row => row.GetInt32(0), ("$output", output)).Count
        > 0;
}
