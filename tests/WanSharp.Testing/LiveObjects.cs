using WanSharp.Runtime.Native;

namespace WanSharp.Testing;

/// <summary>
/// What <see cref="NoLiveObjectsAttribute"/> does for classes whose fields hold what tests make native objects with: made as the first
/// field, asked at the end of Dispose. The class must be in a collection without parallel tests, too.
/// </summary>
public sealed class LiveObjects
{
    private readonly long _before = OrtApi.LiveInProcess;

    /// <summary>Fails if more native objects of ONNX Runtime are alive than before.</summary>
    public void AssertNoneIsLeft()
    {
        var left = OrtApi.LiveInProcess - _before;
        Assert.True(left <= 0, $"{left} native objects of ONNX Runtime were not disposed.");
    }
}
