namespace WanSharp.Tensors;

/// <summary>A tensor that is made when its turn comes to be written.</summary>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Make">Makes it; it is disposed when it is written, which ends nothing but a view of a tensor that another one owns.</param>
public sealed record SafetensorsEntry(DType DType, Shape Shape, Func<Tensor> Make)
{
    /// <summary>A tensor that is there, and stays.</summary>
    public static SafetensorsEntry Of(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new SafetensorsEntry(tensor.DType, tensor.Shape, () => tensor.Reshape(tensor.Shape));
    }

    internal long ByteLength => DType.ByteLength(Shape.ElementCount);
}
