using System.Reflection;
using WanSharp.Runtime.Native;
using Xunit.v3;

namespace WanSharp.Testing;

/// <summary>
/// Fails a test after which more native objects of ONNX Runtime are alive than before it: something that it made was not disposed.
/// </summary>
/// <remarks>
/// They are counted in the whole process, so the class must be in a collection without parallel tests. What fields hold, from the
/// constructor to Dispose, counts on both sides.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NoLiveObjectsAttribute : BeforeAfterTestAttribute
{
    private long _before;

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        var definition = test.TestCase.TestCollection.CollectionDefinition;
        Assert.True(
            definition?.GetCustomAttribute<CollectionDefinitionAttribute>() is { DisableParallelization: true },
            $"{methodUnderTest?.DeclaringType?.Name} counts native objects: put it into a collection with DisableParallelization."
        );
        _before = OrtApi.LiveInProcess;
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        var left = OrtApi.LiveInProcess - _before;
        Assert.True(left <= 0, $"{left} native objects of ONNX Runtime were not disposed.");
    }
}
