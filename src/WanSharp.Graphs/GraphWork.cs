namespace WanSharp.Graphs;

/// <summary>What one run of a graph, or of several, costs: counted operation by operation, for lengths that are known.</summary>
/// <remarks>
/// A product is 2 · M · N · K operations; attention is its two products; a convolution is 2 · in · kernel · out for every
/// position. All other operators are counted by the bytes that they read and write, and so are attention and products of few
/// operations a byte, such as one with a table of 6 × 6; a reshape moves none.
/// </remarks>
public sealed record GraphWork
{
    /// <summary>No work.</summary>
    public static GraphWork None { get; } = new();

    /// <summary>Floating point operations of matrix products.</summary>
    public double Products { get; init; }

    /// <summary>Integer operations of matrix products of 8-bit numbers.</summary>
    public double IntegerProducts { get; init; }

    /// <summary>Floating point operations of attention.</summary>
    public double Attention { get; init; }

    /// <summary>Floating point operations of convolutions.</summary>
    public double Convolutions { get; init; }

    /// <summary>Bytes that the other operators read and write.</summary>
    public double MovedBytes { get; init; }

    /// <summary>Bytes of weights that are read, in the graph's element types: once a run where they are inputs.</summary>
    public double WeightBytes { get; init; }

    /// <summary>
    /// The most bytes of intermediate values and outputs that are alive at once. Of several runs the largest: they are one after
    /// another.
    /// </summary>
    public double PeakBytes { get; init; }

    /// <summary>All operations.</summary>
    public double Operations => Products + IntegerProducts + Attention + Convolutions;

    /// <summary>All bytes, weights among them.</summary>
    public double Bytes => MovedBytes + WeightBytes;

    /// <summary>One after the other.</summary>
    public static GraphWork operator +(GraphWork left, GraphWork right) =>
        new()
        {
            Products = left.Products + right.Products,
            IntegerProducts = left.IntegerProducts + right.IntegerProducts,
            Attention = left.Attention + right.Attention,
            Convolutions = left.Convolutions + right.Convolutions,
            MovedBytes = left.MovedBytes + right.MovedBytes,
            WeightBytes = left.WeightBytes + right.WeightBytes,
            PeakBytes = Math.Max(left.PeakBytes, right.PeakBytes),
        };

    /// <summary>The given number of times, one after another.</summary>
    public static GraphWork operator *(double times, GraphWork work) =>
        times == 0
            ? None
            : new GraphWork
            {
                Products = times * work.Products,
                IntegerProducts = times * work.IntegerProducts,
                Attention = times * work.Attention,
                Convolutions = times * work.Convolutions,
                MovedBytes = times * work.MovedBytes,
                WeightBytes = times * work.WeightBytes,
                PeakBytes = work.PeakBytes,
            };
}
