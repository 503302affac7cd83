using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>
/// A weight that a checkpoint has under two names, each with what belongs to it: a scale, a note. One is used, if the other is the same.
/// </summary>
/// <param name="weight">Its official name.</param>
internal sealed class TiedTensor(string weight)
{
    private const int RowsCompared = 64;

    // Half a step of float8's mantissa, and its smallest numbers lost.
    private const float MostLost = 0.1f;

    private readonly string _layer = weight[..^WeightScale.WeightSuffix.Length] + ".";
    private readonly Dictionary<string, Dictionary<string, string>> _stored = [];

    /// <summary>Whether an official name is the weight's, or of what belongs to it.</summary>
    public bool Has(string name) => name.StartsWith(_layer, StringComparison.Ordinal);

    /// <summary>Adds a tensor.</summary>
    /// <param name="stored">Its stored name.</param>
    /// <param name="plain">The same without what tools write into it.</param>
    /// <param name="name">Its official name.</param>
    /// <returns>Whether it belongs to the weight that is used: the one that was added first.</returns>
    public bool Add(string stored, string plain, string name)
    {
        var layer = plain[..plain.LastIndexOf('.')];
        if (!_stored.TryGetValue(layer, out var tensors))
        {
            _stored.Add(layer, tensors = []);
        }

        tensors[name] = stored;
        return _stored.Keys.First() == layer;
    }

    /// <summary>Refuses weights that stand for other numbers than the one that is used.</summary>
    /// <exception cref="CheckpointException">One does.</exception>
    public void RequireSame(ICheckpoint checkpoint)
    {
        var all = _stored.Values.Where(tensors => tensors.TryGetValue(weight, out var stored) && checkpoint.Tensors.ContainsKey(stored));
        if (all.ToList() is not [var used, .. var others])
        {
            return;
        }

        foreach (var other in others)
        {
            if (!IsSame(new RenamedCheckpoint(checkpoint, used), new RenamedCheckpoint(checkpoint, other)))
            {
                throw new CheckpointException(
                    checkpoint.Path,
                    other[weight],
                    $"it and {CheckpointException.Quote(used[weight])} are one tensor in this network, but hold different numbers: which "
                        + "one is meant is not known."
                );
            }
        }
    }

    /// <summary>Compares some rows: the tables are large, and those of two models differ everywhere.</summary>
    private bool IsSame(RenamedCheckpoint one, RenamedCheckpoint other)
    {
        var (first, second) = (one.Tensors[weight], other.Tensors[weight]);
        if (first.Shape != second.Shape || first.Shape.Rank != 2)
        {
            return first.Shape == second.Shape;
        }

        var (scale, otherScale) = (WeightScale.Find(one, weight), WeightScale.Find(other, weight));
        var step = Math.Max(1, first.Shape[0] / RowsCompared);
        for (long row = 0; row < first.Shape[0]; row += step)
        {
            var (values, others) = (Row(first, scale, row), Row(second, otherScale, row));
            double apart = 0,
                length = 0;
            for (var i = 0; i < values.Length; i++)
            {
                apart += Math.Pow(values[i] - others[i], 2);
                length += Math.Pow(values[i], 2);
            }

            if (apart > MostLost * MostLost * length)
            {
                return false;
            }
        }

        return true;
    }

    private static float[] Row(Tensor table, WeightScale? scale, long row)
    {
        var values = new float[table.Shape[1]];
        table.Slice(row, 1).ConvertTo(values.AsSpan());
        scale?.Apply(row, values);
        return values;
    }
}
