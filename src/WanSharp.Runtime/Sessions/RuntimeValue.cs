using WanSharp.Runtime.Native;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// A tensor as ONNX Runtime sees it: memory borrowed from a <see cref="Tensor"/> without a copy, the result of a run, or device
/// memory.
/// </summary>
/// <remarks>
/// A borrowed tensor's memory stays alive until the value is disposed, even if the tensor is disposed before. Reading from several
/// threads is safe, also while runs read the value.
/// </remarks>
public sealed unsafe class RuntimeValue : IDisposable
{
    private readonly Tensor? _tensor; // none on a device
    private readonly DeviceMemory? _device;
    private readonly IDisposable? _owned;

    private RuntimeValue(OrtValueHandle handle, Tensor tensor, IDisposable? owned)
    {
        (Handle, DType, Shape) = (handle, tensor.DType, tensor.Shape);
        (_tensor, _owned) = (tensor, owned);
    }

    private RuntimeValue(OrtValueHandle handle, DType dtype, Shape shape, DeviceMemory device)
    {
        (Handle, DType, Shape) = (handle, dtype, shape);
        _device = device;
    }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The dimensions.</summary>
    public Shape Shape { get; }

    /// <summary>Whether the elements are in a device's memory, where only runs can reach them.</summary>
    public bool IsOnDevice => _device is not null;

    internal OrtValueHandle Handle { get; }

    /// <summary>
    /// The elements, without a copy: the borrowed tensor itself, or a view of the result's memory that is valid until this value is
    /// disposed (another value that borrows the view keeps the memory for itself).
    /// </summary>
    /// <exception cref="ObjectDisposedException">This value is disposed.</exception>
    /// <exception cref="InvalidOperationException">The elements are on a device.</exception>
    public Tensor AsTensor()
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        return _tensor
            ?? throw new InvalidOperationException(
                $"A value {DType} {Shape} is in a device's memory: copy it to the host ({nameof(CopyToHost)})."
            );
    }

    /// <summary>The elements in host memory of their own, wherever the value is; the caller disposes them.</summary>
    /// <exception cref="ObjectDisposedException">This value is disposed.</exception>
    public Tensor CopyToHost(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        return _device is null ? _tensor!.ConvertTo(DType) : _device.Download(this, cancellationToken);
    }

    /// <summary>Releases the value; a borrowed tensor remains its owner's.</summary>
    public void Dispose()
    {
        _owned?.Dispose();
        Handle.Dispose();
    }

    /// <summary>A value over the memory of a tensor.</summary>
    /// <param name="host">Where the tensor is.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="owns">Whether the tensor is disposed with the value.</param>
    internal static RuntimeValue Borrow(OrtMemoryInfoHandle host, Tensor tensor, bool owns = false)
    {
        var api = host.Api;
        nint value;
        using (var location = host.Hold())
            fixed (long* dims = tensor.Shape.Dims)
            {
                api.Check(
                    api.Table->CreateTensorWithDataAsOrtValue(
                        location.Pointer,
                        (void*)tensor.Address,
                        (nuint)tensor.ByteLength,
                        dims,
                        (nuint)tensor.Shape.Rank,
                        tensor.DType.ToOrt(),
                        &value
                    ),
                    $"lending a tensor {tensor.DType} {tensor.Shape}"
                );
            }

        return new RuntimeValue(new OrtValueHandle(api, value, tensor.Memory), tensor, owns ? tensor : null);
    }

    /// <summary>Takes ownership of a tensor in a device's memory.</summary>
    internal static RuntimeValue Adopt(OrtValueHandle handle, DeviceMemory device, string doing)
    {
        try
        {
            var (dtype, shape) = Describe(handle, doing);
            return new RuntimeValue(handle, dtype, shape, device);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Takes ownership of a tensor that the library made in host memory.</summary>
    internal static RuntimeValue Adopt(OrtApi api, nint value, string doing)
    {
        var handle = new OrtValueHandle(api, value);
        try
        {
            var (dtype, shape) = Describe(handle, doing);
            if (shape.ElementCount == 0)
            {
                var empty = Tensor.Zeros(dtype, shape); // the library has no address for nothing
                return new RuntimeValue(handle, empty, empty);
            }

            var memory = new OrtValueMemory(handle, (ulong)(shape.ElementCount * dtype.ByteSize()));
            return new RuntimeValue(handle, Tensor.View(memory, 0, dtype, shape, isReadOnly: false), memory);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static (DType DType, Shape Shape) Describe(OrtValueHandle value, string doing)
    {
        var api = value.Api;
        nint pointer;
        api.Check(api.Table->GetTensorTypeAndShape(value.Pointer, &pointer), doing);
        using var info = new OrtTensorInfoHandle(api, pointer);
        OrtElementType type;
        nuint rank;
        api.Check(api.Table->GetTensorElementType(info.Pointer, &type), doing);
        api.Check(api.Table->GetDimensionsCount(info.Pointer, &rank), doing);
        var lengths = new long[rank];
        fixed (long* lengthsPointer = lengths)
        {
            api.Check(api.Table->GetDimensions(info.Pointer, lengthsPointer, rank), doing);
        }

        return (type.ToDType(), Shape.Create(lengths));
    }
}
