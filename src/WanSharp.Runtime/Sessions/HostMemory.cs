using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>The process's own memory: tensors are lent, never copied.</summary>
/// <param name="runtime">Makes the values.</param>
internal sealed class HostMemory(OrtRuntime runtime) : SessionMemory
{
    public override RuntimeValue Place(Tensor tensor, CancellationToken cancellationToken) => runtime.Borrow(tensor);

    public override RuntimeValue Allocate(DType dtype, Shape shape, CancellationToken cancellationToken) =>
        runtime.Own(Tensor.Zeros(dtype, shape));

    /// <summary>Nothing to do: values have their own memory.</summary>
    public override void Dispose() { }
}
