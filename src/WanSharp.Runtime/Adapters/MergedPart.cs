using System.Buffers;
using System.Numerics.Tensors;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Adapters;

/// <summary>Makes merged weights, each when its turn comes: a part of a network need not be in memory.</summary>
/// <param name="weights">The network's weights.</param>
/// <param name="loras">What the LoRAs do.</param>
/// <param name="strengths">How strong each is.</param>
/// <param name="cancellationToken">Stops between rows.</param>
internal sealed class MergedPart(
    WeightStore weights,
    IReadOnlyList<LoraChanges> loras,
    IReadOnlyList<float> strengths,
    CancellationToken cancellationToken
)
{
    private const int RowsOfATask = 64; // in F32 they stay in the cache while they are widened, changed and narrowed
    private const float BeyondHalf = 65520; // rounds to infinity

    /// <summary>A merged weight in memory of its own.</summary>
    /// <param name="slot">The weight.</param>
    /// <param name="dtype">The type that it is made in: F16 or F32.</param>
    public Tensor Make(WeightSlot slot, DType dtype)
    {
        var merged = Tensor.Zeros(dtype, slot.Shape);
        try
        {
            Fill(slot, merged);
            return merged;
        }
        catch
        {
            merged.Dispose();
            throw;
        }
    }

    /// <summary>Makes a merged weight.</summary>
    /// <param name="slot">The weight.</param>
    /// <param name="merged">Where it goes: F16 or F32, in its shape.</param>
    /// <exception cref="HalfRangeException">F16 does not hold it.</exception>
    /// <exception cref="CheckpointException">It is not finite, or the checkpoint's weight is damaged.</exception>
    public void Fill(WeightSlot slot, Tensor merged)
    {
        var changes = Changes(slot.Name);
        if (changes.TrueForAll(one => one.Change is LowRankChange) && weights.FindStored(slot) is { } stored)
        {
            MergeRows(slot, stored, merged, [.. changes.Select(one => new Factors((LowRankChange)one.Change, one.Strength))]);
        }
        else if (merged.DType == DType.F32)
        {
            MergeWhole(slot, merged, changes);
        }
        else
        {
            using var wide = Tensor.Zeros(DType.F32, slot.Shape);
            MergeWhole(slot, wide, changes);
            Narrow(slot, wide.Read<float>(), merged);
        }
    }

    private List<(WeightChange Change, float Strength)> Changes(string weight) =>
        [
            .. loras
                .Select((lora, i) => (Changes: lora.Changes.GetValueOrDefault(weight), Strength: strengths[i]))
                .Where(one => one.Changes is not null && one.Strength != 0)
                .SelectMany(one => one.Changes!, (one, change) => (change, one.Strength)),
        ];

    /// <summary>Products of thin matrices, some rows at a time on all processors.</summary>
    private void MergeRows(WeightSlot slot, Tensor stored, Tensor merged, Factors[] factors)
    {
        try
        {
            var (rows, columns) = (slot.Shape[0], (int)(slot.Shape.ElementCount / slot.Shape[0]));
            Parallel.For(
                0,
                (rows + RowsOfATask - 1) / RowsOfATask,
                new ParallelOptions { CancellationToken = cancellationToken },
                task =>
                {
                    var first = task * RowsOfATask;
                    var count = (int)Math.Min(RowsOfATask, rows - first);
                    var room = ArrayPool<float>.Shared.Rent(count * columns);
                    var wide = room.AsSpan(0, count * columns);
                    stored.Slice(first, count).ConvertTo(wide);
                    foreach (var one in factors)
                    {
                        MatrixProduct.AddTo(wide, count, columns, one.Up.Slice(first, count), one.Down, one.Scale);
                    }

                    Narrow(slot, wide, merged.Slice(first, count));
                    ArrayPool<float>.Shared.Return(room);
                }
            );
        }
        catch (AggregateException e) when (e.InnerException is HalfRangeException or CheckpointException)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
        }
        finally
        {
            Array.ForEach(factors, one => one.Dispose());
        }
    }

    private void MergeWhole(WeightSlot slot, Tensor weight, List<(WeightChange Change, float Strength)> changes)
    {
        weights.CopyTo(slot, "", weight);
        foreach (var (change, strength) in changes)
        {
            change.Apply(weight, strength, cancellationToken);
        }

        RequireFinite(slot, TensorPrimitives.MaxMagnitude<float>(weight.Read<float>()));
    }

    /// <summary>Writes numbers in the type that they are kept in.</summary>
    private void Narrow(WeightSlot slot, ReadOnlySpan<float> wide, Tensor target)
    {
        var largest = TensorPrimitives.MaxMagnitude(wide);
        RequireFinite(slot, largest);
        if (target.DType == DType.F32)
        {
            wide.CopyTo(target.Write<float>());
        }
        else if (largest < BeyondHalf)
        {
            TensorPrimitives.ConvertToHalf(wide, target.Write<Half>());
        }
        else
        {
            throw new HalfRangeException(slot.Name);
        }
    }

    private void RequireFinite(WeightSlot slot, float largest)
    {
        if (!float.IsFinite(largest))
        {
            throw new CheckpointException(
                weights.Path,
                slot.Name,
                $"with {Sources(slot.Name)} it is not finite: one of the files is damaged, or a strength too large."
            );
        }
    }

    private string Sources(string weight) =>
        loras
            .Where(lora => lora.Changes.ContainsKey(weight) && lora.Source.Length > 0)
            .Select(lora => lora.Source)
            .DefaultIfEmpty("the LoRAs")
            .Aggregate((all, one) => $"{all} and {one}");

    /// <summary>Thin matrices in F32.</summary>
    private sealed class Factors : IDisposable
    {
        public Factors(LowRankChange change, float strength)
        {
            using var down = change.Down.ConvertTo(DType.F32);
            Down = new ColumnStrips(down.Read<float>(), (int)change.Rank);
            Up = change.Up.ConvertTo(DType.F32);
            Scale = (float)(strength * change.Scale);
        }

        public ColumnStrips Down { get; }

        public Tensor Up { get; }

        public float Scale { get; }

        public void Dispose() => Up.Dispose();
    }
}
