using WanSharp.Runtime.Native;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// A tensor as ONNX Runtime sees it: either memory that a <see cref="Tensor"/> lends (no copy), or the result of a run.
/// </summary>
/// <remarks>
/// A borrowed tensor's memory stays alive until the value is disposed, even if the tensor is disposed before.
/// Reading from several threads is safe, also while runs read the value.
/// </remarks>
public sealed unsafe class RuntimeValue : IDisposable
{
    private readonly Tensor? _borrowed;
    private OrtValueMemory? _memory;
    private Tensor? _view;

    private RuntimeValue(OrtValueHandle handle, DType dtype, Shape shape, Tensor? borrowed)
    {
        Handle = handle;
        DType = dtype;
        Shape = shape;
        _borrowed = borrowed;
    }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The dimensions.</summary>
    public Shape Shape { get; }

    internal OrtValueHandle Handle { get; }

    /// <summary>
    /// The elements, without a copy: the borrowed tensor itself, or a view of the result's memory that is valid until
    /// this value is disposed (a value that borrows the view keeps the memory for itself).
    /// </summary>
    /// <exception cref="ObjectDisposedException">This value is disposed.</exception>
    public Tensor AsTensor()
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        return _borrowed ?? (_view ??= View());
    }

    /// <summary>Releases the value; a lent tensor belongs to its owner again.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        Handle.Dispose();
    }

    /// <summary>A value over the memory of a tensor.</summary>
    internal static RuntimeValue Borrow(OrtMemoryInfoHandle host, Tensor tensor)
    {
        var api = host.Api;
        nint value;
        using (var location = host.Hold())
        fixed (long* dims = tensor.Shape.Dims)
        {
            api.Check(
                api.Table->CreateTensorWithDataAsOrtValue(location.Pointer, (void*)tensor.Address, (nuint)tensor.ByteLength, dims, (nuint)tensor.Shape.Rank, tensor.DType.ToOrt(), &value),
                $"lending a tensor {tensor.DType} {tensor.Shape}");
        }

        return new RuntimeValue(new OrtValueHandle(api, value, tensor.Memory), tensor.DType, tensor.Shape, tensor);
    }

    /// <summary>Takes ownership of a tensor that the library made in host memory.</summary>
    internal static RuntimeValue Adopt(OrtApi api, nint value, string doing)
    {
        var handle = new OrtValueHandle(api, value);
        try
        {
            nint pointer;
            api.Check(api.Table->GetTensorTypeAndShape(handle.Pointer, &pointer), doing);
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

            return new RuntimeValue(handle, type.ToDType(), Shape.Create(lengths), borrowed: null);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private Tensor View()
    {
        if (Shape.ElementCount == 0)
        {
            return Tensor.Zeros(DType, Shape); // the library has no address for nothing
        }

        _memory = new OrtValueMemory(Handle, (ulong)(Shape.ElementCount * DType.ByteSize()));
        return Tensor.View(_memory, 0, DType, Shape, isReadOnly: false);
    }
}
