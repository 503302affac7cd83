using System.Runtime.InteropServices;

namespace WanSharp.Tensors;

/// <summary>
/// Elements of one type in contiguous, row-major native memory: either its own memory, or a view into memory
/// that something else owns (a mapped checkpoint, another tensor). Views are free; elements are never copied unless a
/// member's name says so.
/// </summary>
/// <remarks>
/// Reading from several threads is safe; writing is the caller's to synchronize. Disposing a tensor that owns its
/// memory, or the file that a view looks into, ends every view of it: later access throws
/// <see cref="ObjectDisposedException"/>, and spans taken before must no longer be used. Lengths are 64-bit; a span
/// covers at most 2³¹−1 elements, so larger tensors are read in parts (<see cref="Slice"/>).
/// </remarks>
public sealed unsafe class Tensor : IDisposable
{
    private readonly bool _owns;
    private readonly long _offset;

    private Tensor(SafeBuffer memory, long offset, DType dtype, Shape shape, bool owns, bool isReadOnly)
    {
        Memory = memory;
        _offset = offset;
        _owns = owns;
        DType = dtype;
        Shape = shape;
        IsReadOnly = isReadOnly;
        ByteLength = dtype.ByteLength(shape.ElementCount);
    }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The dimensions.</summary>
    public Shape Shape { get; }

    /// <summary>The number of bytes that the elements take.</summary>
    public long ByteLength { get; }

    /// <summary>Whether the memory may only be read (a mapped file).</summary>
    public bool IsReadOnly { get; }

    /// <summary>What keeps the memory alive: the runtime holds a reference while a native value points into it.</summary>
    internal SafeBuffer Memory { get; }

    /// <summary>Where the first element is in <see cref="Memory"/>, in bytes.</summary>
    internal long Offset => _offset;

    /// <summary>The first element's address, valid while <see cref="Memory"/> is open.</summary>
    internal nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(Memory.IsClosed, this);
            return Memory.DangerousGetHandle() + (nint)_offset;
        }
    }

    /// <summary>A new tensor of zeros in its own memory, aligned to 64 bytes.</summary>
    /// <exception cref="OutOfMemoryException">The memory is not to be had.</exception>
    public static Tensor Zeros(DType dtype, Shape shape) =>
        new(new AlignedMemory(dtype.ByteLength(shape.ElementCount)), 0, dtype, shape, owns: true, isReadOnly: false);

    /// <summary>A new tensor in its own memory that holds a copy of <paramref name="values"/>.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static Tensor CopyOf<T>(Shape shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (shape.ElementCount != values.Length)
        {
            throw new ArgumentException($"{values.Length} values do not fill shape {shape}.", nameof(values));
        }

        var tensor = Zeros(DTypeExtensions.Of<T>(), shape);
        values.CopyTo(tensor.Write<T>());
        return tensor;
    }

    /// <summary>A view into memory that something else owns.</summary>
    internal static Tensor View(SafeBuffer memory, long offset, DType dtype, Shape shape, bool isReadOnly) =>
        new(memory, offset, dtype, shape, owns: false, isReadOnly);

    /// <summary>The elements, for reading.</summary>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not this tensor's element type, or there are more than
    /// 2³¹−1 elements.</exception>
    public ReadOnlySpan<T> Read<T>()
        where T : unmanaged => Span<T>();

    /// <summary>The elements, for writing.</summary>
    /// <exception cref="InvalidOperationException">The tensor is read-only, <typeparamref name="T"/> is not its element type, or there
    /// are more than 2³¹−1 elements.</exception>
    public Span<T> Write<T>()
        where T : unmanaged
    {
        ThrowIfReadOnly();
        return Span<T>();
    }

    /// <summary>Bytes of the tensor, whatever the element type, for reading.</summary>
    /// <param name="start">The first byte's position.</param>
    /// <param name="length">How many bytes.</param>
    public ReadOnlySpan<byte> ReadBytes(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, ByteLength - length);
        return new ReadOnlySpan<byte>((byte*)Address + start, length);
    }

    /// <summary>Bytes of the tensor, whatever the element type, for writing.</summary>
    /// <param name="start">The first byte's position.</param>
    /// <param name="length">How many bytes.</param>
    /// <exception cref="InvalidOperationException">The tensor is read-only.</exception>
    public Span<byte> WriteBytes(long start, int length)
    {
        ThrowIfReadOnly();
        var bytes = ReadBytes(start, length);
        return MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(bytes), bytes.Length);
    }

    /// <summary>The same elements under other dimensions.</summary>
    /// <exception cref="ArgumentException">The element counts differ.</exception>
    public Tensor Reshape(Shape shape) =>
        shape.ElementCount == Shape.ElementCount
            ? View(Memory, _offset, DType, shape, IsReadOnly)
            : throw new ArgumentException(
                $"A tensor {Shape} has {Shape.ElementCount} elements, shape {shape} has {shape.ElementCount}.",
                nameof(shape)
            );

    /// <summary>A view of <paramref name="count"/> entries of the outermost dimension, from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such entries.</exception>
    /// <exception cref="ArgumentException">The type stores elements in blocks, and the cut goes through one.</exception>
    public Tensor Slice(long start, long count)
    {
        if (Shape.Rank == 0 || start < 0 || count < 0 || start > Shape[0] - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start),
                $"Entries {start} to {start + count} are not within the outermost dimension of {Shape}."
            );
        }

        var row = Shape[0] == 0 ? 0 : Shape.ElementCount / Shape[0];
        return View(Memory, _offset + DType.ByteLength(start * row), DType, Shape.Create([count, .. Shape.Dims[1..]]), IsReadOnly);
    }

    /// <summary>Frees the memory if this tensor owns it; a view ends nothing.</summary>
    public void Dispose()
    {
        if (_owns)
        {
            Memory.Dispose();
        }
    }

    private void ThrowIfReadOnly()
    {
        if (IsReadOnly)
        {
            throw new InvalidOperationException($"This {DType} tensor {Shape} is a view of a mapped file and can only be read.");
        }
    }

    private Span<T> Span<T>()
        where T : unmanaged
    {
        if (DTypeExtensions.Of<T>() != DType)
        {
            throw new InvalidOperationException($"A tensor of {DType} {Shape} was asked for {typeof(T).Name} elements.");
        }

        if (Shape.ElementCount > int.MaxValue)
        {
            throw new InvalidOperationException($"A tensor {Shape} is too long for one span: read it in slices.");
        }

        return new Span<T>((void*)Address, (int)Shape.ElementCount);
    }
}
