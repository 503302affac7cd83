using System.Runtime.CompilerServices;

namespace WanSharp.Tensors;

/// <summary>The dimensions of a tensor, outermost first. Immutable; written <c>[2, 16, 64]</c>.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    private readonly long[]? _dims;

    private Shape(long[] dims) => _dims = dims;

    /// <summary>The shape of a scalar: no dimensions, one element.</summary>
    public static Shape Scalar => default;

    /// <summary>The dimensions, outermost first.</summary>
    public ReadOnlySpan<long> Dims => _dims;

    /// <summary>The number of dimensions.</summary>
    public int Rank => _dims?.Length ?? 0;

    /// <summary>The product of all dimensions; 1 for a scalar.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (var dim in Dims)
            {
                count *= dim; // Create has checked that this cannot overflow.
            }

            return count;
        }
    }

    /// <summary>One dimension; an index from the end (<c>^1</c>) counts from the innermost.</summary>
    public long this[Index index] => Dims[index];

    /// <summary>Makes a shape. Used by collection expressions.</summary>
    /// <param name="dims">The dimensions, each at least 0.</param>
    /// <exception cref="ArgumentException">A dimension is negative, or the element count exceeds 2⁶³−1.</exception>
    public static Shape Create(ReadOnlySpan<long> dims)
    {
        Int128 count = 1;
        foreach (var dim in dims)
        {
            count *= dim;
            if (dim < 0 || count > long.MaxValue)
            {
                throw new ArgumentException(
                    $"[{string.Join(", ", dims.ToArray())}] is not a shape: a dimension is negative, or there are too many elements.",
                    nameof(dims)
                );
            }
        }

        return new Shape(dims.ToArray());
    }

    /// <summary>Enumerates the dimensions.</summary>
    public ReadOnlySpan<long>.Enumerator GetEnumerator() => Dims.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Shape other) => Dims.SequenceEqual(other.Dims);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var dim in Dims)
        {
            hash.Add(dim);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", _dims ?? [])}]";

    /// <summary>Whether two shapes have the same dimensions.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
