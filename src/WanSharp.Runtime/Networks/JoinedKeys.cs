using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// A block's keys and values for the rows of a batch, which may be of different requests with texts of different lengths.
/// </summary>
/// <remarks>For one thread at a time. The memory grows to the largest batch seen and is kept; a single row needs none.</remarks>
/// <param name="encoder">Makes what a context does not keep.</param>
/// <param name="textRows">
/// How many rows of text each context is given, for graphs of fixed lengths; null for as many as the longest has. The numbers stay the
/// same: rows that are added repeat the last one, as the graph would.
/// </param>
/// <param name="names">What the inputs are called; null for a block's <see cref="ContextEncoder.KeyNames"/>. The first two are those of
/// the text, and the others may be left out.</param>
internal sealed class JoinedKeys(ContextEncoder encoder, long? textRows = null, IReadOnlyList<string>? names = null) : IDisposable
{
    private readonly List<Tensor?> _buffers = [];

    /// <summary>Sets the inputs of a run, until <see cref="Unbind"/>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="prefix">What stands before the names of its inputs.</param>
    /// <param name="block">The block.</param>
    /// <param name="rows">The context of each of the batch's rows.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public void Bind(PreparedRun run, string prefix, int block, IReadOnlyList<TextKeys> rows, CancellationToken cancellationToken)
    {
        IReadOnlyList<Tensor> parts =
            rows is [var only] && only.Rows == (textRows ?? only.Rows) && only.Find(block) is { } kept
                ? kept
                : Join(block, rows, cancellationToken);
        foreach (var (name, part) in NamesOf(block).Zip(parts))
        {
            run.SetInput(prefix + name, part);
        }
    }

    /// <summary>Lets go of the contexts' memory.</summary>
    public void Unbind(PreparedRun run, string prefix, int block)
    {
        foreach (var name in NamesOf(block))
        {
            run.Unset(prefix + name);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer?.Dispose();
        }
    }

    private IReadOnlyList<string> NamesOf(int block) => names ?? encoder.KeyNames(block);

    private List<Tensor> Join(int block, IReadOnlyList<TextKeys> rows, CancellationToken cancellationToken)
    {
        var count = NamesOf(block).Count;
        while (_buffers.Count < count)
        {
            _buffers.Add(null);
        }

        for (var i = 0; i < count; i++)
        {
            var longest = rows.Max(row => ContextEncoder.EmbeddingOf(row, i).Shape[1]);
            var ofText = ContextEncoder.EmbeddingOf(rows[0], i) == rows[0].Embeddings[0];
            var length = ofText ? textRows ?? longest : longest; // of the text, or of the images
            Shape shape = [rows.Count, length, ContextEncoder.EmbeddingOf(rows[0], i).Shape[2]];
            if (_buffers[i]?.Shape != shape)
            {
                _buffers[i]?.Dispose();
                _buffers[i] = Tensor.Zeros(DType.F32, shape);
            }
        }

        for (var row = 0; row < rows.Count; row++)
        {
            var kept = rows[row].Find(block);
            var parts = kept ?? encoder.Compute(rows[row], block, cancellationToken);
            for (var i = 0; i < count; i++)
            {
                FillRow(_buffers[i]!.Slice(row, 1), parts[i]);
            }

            if (kept is null)
            {
                Array.ForEach(parts, part => part.Dispose());
            }
        }

        return _buffers[..count]!;
    }

    /// <summary>[1, rows, dim] → [1, longest, dim]: the last row of a shorter text stands for all its padding, so it is repeated.</summary>
    private static void FillRow(Tensor joined, Tensor part)
    {
        var source = part.Read<float>();
        var target = joined.Write<float>();
        source.CopyTo(target);
        var last = source[^(int)part.Shape[2]..];
        for (var end = source.Length; end < target.Length; end += last.Length)
        {
            last.CopyTo(target[end..]);
        }
    }
}
