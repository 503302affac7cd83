using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Native;

/// <summary>The memory of a tensor that the library made; whoever refers to it keeps the tensor alive.</summary>
internal sealed unsafe class OrtValueMemory : SafeBuffer
{
    private readonly OrtValueHandle _value;

    public OrtValueMemory(OrtValueHandle value, ulong byteLength)
        : base(ownsHandle: true)
    {
        void* data;
        value.Api.Check(value.Api.Table->GetTensorMutableData(value.Pointer, &data), "reading a result");
        var added = false;
        value.DangerousAddRef(ref added);
        _value = value;
        SetHandle((nint)data);
        Initialize(byteLength);
    }

    protected override bool ReleaseHandle()
    {
        _value.DangerousRelease();
        return true;
    }
}
