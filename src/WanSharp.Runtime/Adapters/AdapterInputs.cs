using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Adapters;

/// <summary>
/// Gives a graph's runs the factors of each sample's LoRAs. Samples that have the same share them; others get theirs in a buffer, one
/// behind the other.
/// </summary>
/// <remarks>For one thread at a time. Buffers grow to the largest batch seen, and are kept.</remarks>
/// <param name="graph">The graph.</param>
/// <param name="weights">The network's weights, for those of which a changed copy is needed.</param>
internal sealed class AdapterInputs(OnnxGraph graph, WeightStore weights) : IDisposable
{
    // Less than this is copied sooner than another thread wakes.
    private const long SharedBytes = 4L << 20;

    private readonly Dictionary<string, Tensor> _buffers = new(StringComparer.Ordinal);
    private readonly List<AdapterFactors> _passing = []; // of adapters that keep none
    private readonly Dictionary<string, Tensor> _copies = new(StringComparer.Ordinal);
    private readonly List<IDisposable> _replaced = [];
    private string _copiesAt = "";

    /// <summary>Sets a run's inputs, until <see cref="Unbind"/>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="prefix">What stands before the names of the graph's layers and weights.</param>
    /// <param name="rows">The LoRAs of each sample; null for none.</param>
    /// <param name="cancellationToken">Stops between weights.</param>
    public void Bind(PreparedRun run, string prefix, IReadOnlyList<AdapterUse?> rows, CancellationToken cancellationToken)
    {
        var slots = graph.Adapters;
        var factors = new AdapterFactors?[]?[slots.Count];
        int[] unread = [.. Enumerable.Range(0, slots.Count).Where(i => !AreKept(slots[i], prefix, rows))];
        Parallel.ForEach(unread, i => factors[i] = FactorsOf(slots[i], prefix, rows));
        for (var i = 0; i < slots.Count; i++)
        {
            BindLayer(run, slots[i], factors[i] ?? FactorsOf(slots[i], prefix, rows), rows);
        }

        BindCopies(run, prefix, rows, cancellationToken);
    }

    /// <summary>Lets go of the LoRAs' memory, and gives the run its own weights back.</summary>
    public void Unbind(PreparedRun run)
    {
        _replaced.ForEach(one => one.Dispose());
        _replaced.Clear();
        foreach (var slot in graph.Adapters)
        {
            run.Unset(slot.Down);
            run.Unset(slot.Up);
            run.Unset(slot.Scale);
        }

        _passing.ForEach(factors => factors.Dispose());
        _passing.Clear();
    }

    /// <summary>Frees the buffers; the next run makes them again.</summary>
    public void ReleaseMemory()
    {
        foreach (var tensor in _buffers.Values.Concat(_copies.Values))
        {
            tensor.Dispose();
        }

        _buffers.Clear();
        _copies.Clear();
    }

    public void Dispose() => ReleaseMemory();

    /// <summary>Whether a layer's factors are at hand: then other threads are not worth waking.</summary>
    private static bool AreKept(AdapterSlot slot, string prefix, IReadOnlyList<AdapterUse?> rows) =>
        rows.All(row =>
            row?.Adapter is not { } adapter || !adapter.Has(prefix + slot.Name) || adapter.IsKept(prefix + slot.Name, slot.DType)
        );

    private AdapterFactors?[] FactorsOf(AdapterSlot slot, string prefix, IReadOnlyList<AdapterUse?> rows)
    {
        var found = new AdapterFactors?[rows.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows[row]?.Adapter is not { } adapter || !adapter.Has(prefix + slot.Name))
            {
                continue;
            }

            for (var before = 0; before < row && found[row] is null; before++)
            {
                found[row] = rows[before]?.Adapter == adapter ? found[before] : null;
            }

            if (found[row] is null)
            {
                found[row] = adapter.FactorsOf(prefix + slot.Name, slot.DType);
                if (!adapter.Keeps)
                {
                    lock (_passing)
                    {
                        _passing.Add(found[row]!);
                    }
                }
            }
        }

        return found;
    }

    private void BindLayer(PreparedRun run, AdapterSlot slot, AdapterFactors?[] factors, IReadOnlyList<AdapterUse?> rows)
    {
        var rank = factors.Max(one => one?.Rank) ?? 0;
        var first = factors.FirstOrDefault(one => one is not null);
        var scales = Buffer(slot.Scale, [SameScales(rows) ? 1 : rows.Count, 1, rank], DType.F32);
        for (var row = 0; row < scales.Shape[0]; row++)
        {
            var values = scales.Slice(row, 1).Write<float>();
            if (factors[row] is { } own)
            {
                own.FillScales(rows[row]!.Strengths, values);
            }
            else
            {
                values.Clear();
            }
        }

        run.SetInput(slot.Scale, slot.DType == DType.F32 ? scales : Narrow(slot, scales));
        if (first is not null && factors.All(one => one == first || one is null))
        {
            run.SetInput(slot.Down, first.Down); // a sample without LoRAs multiplies by zeros
            run.SetInput(slot.Up, first.Up);
            return;
        }

        var count = first is null ? 1 : rows.Count;
        var down = Buffer(slot.Down, [count, slot.InFeatures, rank], slot.DType);
        var up = Buffer(slot.Up, [count, rank, slot.OutFeatures], slot.DType);
        Parallel.For(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = down.ByteLength + up.ByteLength < SharedBytes ? 1 : -1 },
            row =>
            {
                if (factors[row] is { } own)
                {
                    CopyRows(own.Down, down.Slice(row, 1), slot.InFeatures);
                    CopyRows(own.Up, up.Slice(row, 1), rows: 1);
                }
            }
        );
        run.SetInput(slot.Down, down);
        run.SetInput(slot.Up, up);
    }

    /// <summary>Copies rows into rows that are at least as long, and clears what is over.</summary>
    private static void CopyRows(Tensor source, Tensor target, long rows)
    {
        var (length, stride) = ((int)(source.ByteLength / rows), (int)(target.ByteLength / rows));
        if (length == stride)
        {
            source.ReadBytes(0, (int)source.ByteLength).CopyTo(target.WriteBytes(0, (int)target.ByteLength));
            return;
        }

        for (var row = 0L; row < rows; row++)
        {
            var place = target.WriteBytes(row * stride, stride);
            source.ReadBytes(row * length, length).CopyTo(place);
            place[length..].Clear();
        }
    }

    private static bool SameScales(IReadOnlyList<AdapterUse?> rows) => rows.All(row => Equals(row, rows[0]));

    private Tensor Narrow(AdapterSlot slot, Tensor scales)
    {
        var narrow = Buffer($"{slot.Scale}, narrow", scales.Shape, slot.DType);
        scales.ConvertTo(narrow);
        return narrow;
    }

    private Tensor Buffer(string name, Shape shape, DType dtype)
    {
        if (_buffers.TryGetValue(name, out var buffer) && buffer.Shape == shape)
        {
            return buffer;
        }

        buffer?.Dispose();
        return _buffers[name] = Tensor.Zeros(dtype, shape);
    }

    /// <summary>Has the run read changed copies of small weights, such as biases and norms.</summary>
    private void BindCopies(PreparedRun run, string prefix, IReadOnlyList<AdapterUse?> rows, CancellationToken cancellationToken)
    {
        var use = rows[0];
        if (use is not { Copies.Length: > 0 })
        {
            return;
        }

        if (use.Copies != _copiesAt)
        {
            foreach (var old in _copies.Values)
            {
                old.Dispose();
            }

            _copies.Clear();
            _copiesAt = use.Copies;
        }

        foreach (var slot in graph.Weights.Where(slot => use.Adapter.Copies(prefix + slot.Name)))
        {
            if (!_copies.TryGetValue(prefix + slot.Name, out var copy))
            {
                copy = _copies[prefix + slot.Name] = Copy(slot, prefix, use, cancellationToken);
            }

            _replaced.Add(run.Replace(slot.Name, copy));
        }
    }

    private Tensor Copy(WeightSlot slot, string prefix, AdapterUse use, CancellationToken cancellationToken)
    {
        using var wide = Tensor.Zeros(DType.F32, slot.Shape);
        weights.CopyTo(slot with { DType = DType.F32 }, prefix, wide);
        use.Adapter.ApplyTo(wide, prefix + slot.Name, use.Strengths, cancellationToken);
        return wide.ConvertTo(slot.DType);
    }
}
