using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using WanSharp.Graphs;
using WanSharp.Runtime.Packing;
using WanSharp.Runtime.Storage;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// The 8-bit form of a network's weights: made once from whatever the checkpoint has, kept in a folder as safetensors,
/// and mapped from there on.
/// </summary>
/// <param name="weights">The network's weights.</param>
/// <param name="wanted">Those wanted in 8 bits, under their full names.</param>
internal sealed class QuantizedWeights(WeightStore weights, IReadOnlyList<QuantizedWeight> wanted)
{
    private const int FormatVersion = 1;
    private const string Extension = ".safetensors";

    // Up to here an entry is read whole before it is trusted; more would cost seconds at every start.
    private const long VerifiedBytes = 64L << 20;

    /// <summary>The weights with their 8-bit forms beside them; to be disposed before the weights are.</summary>
    /// <param name="folder">Where the 8-bit forms are kept; null keeps them in memory.</param>
    /// <param name="cancellationToken">Stops the making.</param>
    /// <exception cref="CheckpointException">A weight is missing, of another shape, or not finite.</exception>
    public async Task<WeightStore> OpenAsync(string? folder, CancellationToken cancellationToken)
    {
        if (folder is null)
        {
            return weights.With(Make(wanted, cancellationToken));
        }

        var digests = new FileDigests(Path.Combine(folder, "digests"));
        using var store = new ContentStore(folder, new ContentStoreOptions { Check = EntryCheck.Start });
        var key = KeyOf(digests, cancellationToken);
        using var turn = await store.LockAsync(key, cancellationToken);
        if (TryMap(store, key, cancellationToken) is { } kept)
        {
            return weights.With(kept);
        }

        store.Put(key, entry => Write(entry, cancellationToken));
        return weights.With(TryMap(store, key, cancellationToken) ?? Make(wanted, cancellationToken)); // a full disk keeps nothing
    }

    /// <summary>The entry's files, mapped; null when there is none that is whole.</summary>
    private static PreparedTensors? TryMap(ContentStore store, string key, CancellationToken cancellationToken)
    {
        if (store.TryOpen(key) is not { } entry)
        {
            return null;
        }

        var files = new List<SafetensorsFile>();
        try
        {
            if (entry.Bytes > VerifiedBytes || entry.Verify(cancellationToken))
            {
                files.AddRange(entry.Files.Select(file => SafetensorsFile.Open(entry.PathOf(file))));
                return new PreparedTensors(
                    files.SelectMany(file => file.Tensors).ToDictionary(StringComparer.Ordinal), [.. files.Select(file => file.Path)], [.. files, entry]);
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

    /// <summary>Writes a file for each block, so that no more than a block is in memory.</summary>
    private void Write(string folder, CancellationToken cancellationToken)
    {
        foreach (var block in wanted.GroupBy(weight => string.Join('.', weight.Source.Name.Split('.').Take(2))))
        {
            using var made = Make(block, cancellationToken);
            try
            {
                SafetensorsWriter.Write(Path.Combine(folder, block.Key + Extension), made.Tensors, cancellationToken: cancellationToken);
            }
            catch (CheckpointException e) when (e.InnerException is IOException or UnauthorizedAccessException)
            {
                ExceptionDispatchInfo.Throw(e.InnerException); // the folder's fault, not the checkpoint's
            }
        }
    }

    private PreparedTensors Make(IEnumerable<QuantizedWeight> some, CancellationToken cancellationToken)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var weight in some)
            {
                Make(weight, Add(weight.Codes), Add(weight.Scales), cancellationToken);
            }

            return new PreparedTensors(tensors, [], [.. tensors.Values]);
        }
        catch
        {
            foreach (var tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }

        Tensor Add(WeightSlot slot) => tensors[slot.Name] = Tensor.Zeros(slot.DType, slot.Shape);
    }

    private void Make(QuantizedWeight weight, Tensor codes, Tensor scales, CancellationToken cancellationToken)
    {
        var isView = weights.IsView(weight.Source);
        var matrix = isView ? weights.Get(weight.Source) : Tensor.Zeros(DType.F32, weight.Source.Shape);
        try
        {
            if (!isView)
            {
                weights.CopyTo(weight.Source, "", matrix);
            }

            if (!Int8Codes.TryWrite(matrix, codes, scales, cancellationToken))
            {
                throw new CheckpointException(weights.Path, weight.Source.Name, "a weight is not finite; the file is damaged.");
            }
        }
        finally
        {
            if (!isView)
            {
                matrix.Dispose();
            }
        }
    }

    private string KeyOf(FileDigests digests, CancellationToken cancellationToken)
    {
        var parts = string.Join(
            '\n',
            $"int8 {FormatVersion} of {Int8Codes.Largest}",
            $"weights {digests.Of(weights.Files, cancellationToken)}",
            string.Join('\n', wanted.Select(weight => weight.Codes)));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parts)));
    }
}
