using Google.Protobuf;
using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>Our types in the terms of the ONNX file format.</summary>
internal static class OnnxFormat
{
    public static TensorProto.Types.DataType ToOnnx(this DType dtype) =>
        dtype switch
        {
            DType.F32 => TensorProto.Types.DataType.Float,
            DType.F16 => TensorProto.Types.DataType.Float16,
            DType.BF16 => TensorProto.Types.DataType.Bfloat16,
            DType.F8E4M3 => TensorProto.Types.DataType.Float8E4M3Fn,
            DType.F8E5M2 => TensorProto.Types.DataType.Float8E5M2,
            DType.I8 => TensorProto.Types.DataType.Int8,
            DType.U8 => TensorProto.Types.DataType.Uint8,
            DType.I32 => TensorProto.Types.DataType.Int32,
            DType.I64 => TensorProto.Types.DataType.Int64,
            DType.Bool => TensorProto.Types.DataType.Bool,
            _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, null),
        };

    public static ValueInfoProto Describe(GraphValue value, string? description = null)
    {
        var shape = new TensorShapeProto();
        foreach (var dim in value.Shape)
        {
            shape.Dim.Add(
                dim.Known is { } known
                    ? new TensorShapeProto.Types.Dimension { DimValue = known }
                    : new TensorShapeProto.Types.Dimension { DimParam = dim.ToString() }
            );
        }

        var info = new ValueInfoProto
        {
            Name = value.Name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor { ElemType = (int)value.DType.ToOnnx(), Shape = shape },
            },
        };
        if (!string.IsNullOrEmpty(description))
        {
            info.DocString = description;
        }

        return info;
    }

    public static AttributeProto Attribute(string name, long value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Int,
            I = value,
        };

    public static AttributeProto Attribute(string name, float value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Float,
            F = value,
        };

    public static AttributeProto Attribute(string name, string value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.String,
            S = ByteString.CopyFromUtf8(value),
        };

    public static AttributeProto Attribute(string name, IEnumerable<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }
}
