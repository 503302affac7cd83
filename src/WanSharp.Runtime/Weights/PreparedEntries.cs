using System.Runtime.ExceptionServices;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// Tensors made from a checkpoint, kept in a folder as safetensors, an entry for each part of a network, and mapped from there on: an
/// interrupted run keeps what was done.
/// </summary>
/// <param name="store">The folder.</param>
/// <param name="verifies">Whether an entry is read whole before it is trusted; a large network would cost seconds.</param>
internal sealed class PreparedEntries(ContentStore store, bool verifies)
{
    private const string FileName = "weights.safetensors";

    /// <summary>An entry, made if it is not there; of several processes one makes it.</summary>
    /// <param name="key">What it is made of.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="cancellationToken">Stops the making.</param>
    public async Task<(PreparedTensors Tensors, bool IsNew)> OpenAsync(
        string key,
        Func<PreparedTensors> make,
        CancellationToken cancellationToken
    )
    {
        using var turn = await store.LockAsync(key, cancellationToken).ConfigureAwait(false);
        if (TryMap(key, cancellationToken) is { } kept)
        {
            return (kept, IsNew: false);
        }

        store.Put(
            key,
            entry =>
            {
                using var made = make();
                Write(entry, made.Tensors.ToDictionary(one => one.Key, one => SafetensorsEntry.Of(one.Value)), cancellationToken);
            }
        );
        return (TryMap(key, cancellationToken) ?? make(), IsNew: true); // a full disk keeps nothing
    }

    /// <summary>An entry whose tensors are made one after another while it is written.</summary>
    /// <param name="key">What it is made of.</param>
    /// <param name="tensors">Its tensors by name.</param>
    /// <param name="inMemory">Makes them in memory, where the folder keeps nothing.</param>
    /// <param name="cancellationToken">Stops the making.</param>
    public async Task<PreparedTensors> OpenAsync(
        string key,
        IReadOnlyDictionary<string, SafetensorsEntry> tensors,
        Func<PreparedTensors> inMemory,
        CancellationToken cancellationToken
    )
    {
        using var turn = await store.LockAsync(key, cancellationToken).ConfigureAwait(false);
        if (TryMap(key, cancellationToken) is { } kept)
        {
            return kept;
        }

        store.Put(key, entry => Write(entry, tensors, cancellationToken));
        return TryMap(key, cancellationToken) ?? inMemory();
    }

    /// <summary>The entry's files, mapped; null when there is none that is whole.</summary>
    public PreparedTensors? TryMap(string key, CancellationToken cancellationToken)
    {
        if (store.TryOpen(key) is not { } entry)
        {
            return null;
        }

        var files = new List<SafetensorsFile>();
        try
        {
            if (!verifies || entry.Verify(cancellationToken))
            {
                files.AddRange(entry.Files.Select(file => SafetensorsFile.Open(entry.PathOf(file))));
                return new PreparedTensors(files.SelectMany(file => file.Tensors).ToDictionary(StringComparer.Ordinal), [.. files, entry]);
            }
        }
        catch (CheckpointException)
        {
            files.ForEach(file => file.Dispose());
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            entry.Dispose();
            throw;
        }

        entry.Dispose();
        store.Remove(key);
        return null;
    }

    private static void Write(string entry, IReadOnlyDictionary<string, SafetensorsEntry> tensors, CancellationToken cancellationToken)
    {
        try
        {
            SafetensorsWriter.WriteEntries(Path.Combine(entry, FileName), tensors, cancellationToken: cancellationToken);
        }
        catch (CheckpointException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            ExceptionDispatchInfo.Throw(e.InnerException); // the folder's fault, not the checkpoint's
        }
    }
}
