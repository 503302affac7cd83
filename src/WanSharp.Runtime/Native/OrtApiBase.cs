namespace WanSharp.Runtime.Native;

/// <summary>What <c>OrtGetApiBase</c>, the library's only export that is called, points to.</summary>
internal unsafe struct OrtApiBase
{
    /// <summary>The function table for an API version; null when the library is older than that.</summary>
    public delegate* unmanaged<uint, OrtApiTable*> GetApi;

    /// <summary>The library's version, such as "1.30.0".</summary>
    public delegate* unmanaged<byte*> GetVersionString;
}
