using System.Runtime.InteropServices;
using WanSharp.Runtime.Native;

namespace WanSharp.Runtime;

/// <summary>Reads what a compiled graph declares: the names, element types and shapes of its inputs and outputs.</summary>
internal static unsafe class GraphSignature
{
    public static ValueInfo[] Inputs(OrtApi api, nint session, nint allocator, string graph) =>
        Read(
            api,
            session,
            allocator,
            graph,
            api.Table->SessionGetInputCount,
            api.Table->SessionGetInputName,
            api.Table->SessionGetInputTypeInfo
        );

    public static ValueInfo[] Outputs(OrtApi api, nint session, nint allocator, string graph) =>
        Read(
            api,
            session,
            allocator,
            graph,
            api.Table->SessionGetOutputCount,
            api.Table->SessionGetOutputName,
            api.Table->SessionGetOutputTypeInfo
        );

    private static ValueInfo[] Read(
        OrtApi api,
        nint session,
        nint allocator,
        string graph,
        delegate* unmanaged<nint, nuint*, nint> getCount,
        delegate* unmanaged<nint, nuint, nint, byte**, nint> getName,
        delegate* unmanaged<nint, nuint, nint*, nint> getType
    )
    {
        var doing = $"reading the inputs and outputs of graph '{graph}'";
        nuint count;
        api.Check(getCount(session, &count), doing);
        var values = new ValueInfo[count];
        for (nuint i = 0; i < count; i++)
        {
            byte* text;
            api.Check(getName(session, i, allocator, &text), doing);
            var name = api.TakeString(allocator, text);
            nint pointer;
            api.Check(getType(session, i, &pointer), doing);
            using var type = new OrtTypeInfoHandle(api, pointer);
            nint tensor; // part of the type info
            api.Check(api.Table->CastTypeInfoToTensorInfo(type.Pointer, &tensor), doing);
            values[i] =
                tensor != 0
                    ? ReadTensor(api, tensor, name, doing)
                    : throw new NotSupportedException($"Graph '{graph}': '{name}' is not a tensor.");
        }

        return values;
    }

    private static ValueInfo ReadTensor(OrtApi api, nint tensor, string name, string doing)
    {
        OrtElementType type;
        nuint rank;
        api.Check(api.Table->GetTensorElementType(tensor, &type), doing);
        api.Check(api.Table->GetDimensionsCount(tensor, &rank), doing);
        var lengths = new long[rank];
        var symbols = new nint[rank];
        fixed (long* lengthsPointer = lengths)
        fixed (nint* symbolsPointer = symbols)
        {
            api.Check(api.Table->GetDimensions(tensor, lengthsPointer, rank), doing);
            api.Check(api.Table->GetSymbolicDimensions(tensor, (byte**)symbolsPointer, rank), doing);
        }

        var dimensions = new DimensionInfo[rank];
        for (var i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] =
                lengths[i] >= 0 ? new DimensionInfo(lengths[i], "") : new DimensionInfo(null, Marshal.PtrToStringUTF8(symbols[i]) ?? "");
        }

        return new ValueInfo(name, type.ToDType(), dimensions);
    }
}
