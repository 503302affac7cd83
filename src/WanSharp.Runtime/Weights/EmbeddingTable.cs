using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// Looks token embeddings up in the mapped checkpoint. umT5's table is 2 GB in bf16 and a prompt needs a few hundred
/// rows of it, so it does not belong in a graph.
/// </summary>
internal sealed class EmbeddingTable
{
    private readonly Tensor _table;
    private readonly WeightScale? _scale;
    private readonly string _source;
    private readonly string _name;

    /// <param name="weights">Where the table is.</param>
    /// <param name="name">Its tensor, <c>[vocabulary, dim]</c>.</param>
    /// <param name="vocabulary">Rows that the configuration promises.</param>
    /// <param name="dim">Columns that the configuration promises.</param>
    public EmbeddingTable(WeightStore weights, string name, int vocabulary, int dim)
    {
        _table = weights.GetStored(name);
        _scale = weights.ScaleOf(name);
        (_source, _name) = (weights.Path, name);
        WeightScale.RequireMeaning(_source, name, _table, _scale);
        Shape expected = [vocabulary, dim];
        if (_table.Shape != expected)
        {
            throw new CheckpointException(weights.Path, name, $"its shape is {_table.Shape}, but the configuration says {expected}.");
        }
    }

    /// <summary>The rows of <paramref name="ids"/>, <c>[1, length, dim]</c>.</summary>
    /// <exception cref="CheckpointException">
    /// An id is beyond the table: the tokenizer is another model's. Or its row is zero: it was not downloaded.
    /// </exception>
    public Tensor Lookup(ReadOnlySpan<int> ids)
    {
        var dim = (int)_table.Shape[1];
        var rows = Tensor.Zeros(DType.F32, [1, ids.Length, dim]);
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] < 0 || ids[i] >= _table.Shape[0])
            {
                rows.Dispose();
                throw new CheckpointException(
                    _source,
                    $"token {ids[i]} is outside the embedding table of {_table.Shape[0]} rows; the tokenizer belongs to another model."
                );
            }

            var row = rows.Write<float>().Slice(i * dim, dim);
            _table.Slice(ids[i], 1).ConvertTo(row);
            if (!row.ContainsAnyExcept(0f))
            {
                rows.Dispose();
                throw new CheckpointException(
                    _source,
                    _name,
                    $"the row of token {ids[i]} is all zero, which no trained row is: the download is not complete, or the file is "
                        + "damaged; download it again."
                );
            }

            _scale?.Apply(ids[i], row);
        }

        return rows;
    }
}
