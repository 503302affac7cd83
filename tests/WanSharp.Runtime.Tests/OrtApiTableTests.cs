using System.Reflection;
using System.Runtime.InteropServices;
using WanSharp.Runtime.Native;
using Official = Microsoft.ML.OnnxRuntime.OrtApi;

namespace WanSharp.Runtime.Tests;

/// <summary>Our slots of ONNX Runtime's C API, against the struct of its makers' binding, whose fields are in the ABI's order.</summary>
public class OrtApiTableTests
{
    /// <summary>Functions whose words we put into another order.</summary>
    private static readonly Dictionary<string, string> Reworded = new()
    {
        [nameof(OrtApiTable.AppendCudaExecutionProvider)] = "SessionOptionsAppendExecutionProvider_CUDA_V2",
        [nameof(OrtApiTable.AppendTensorRtExecutionProvider)] = "SessionOptionsAppendExecutionProvider_TensorRT_V2",
    };

    [Fact]
    public void Slots_AreThoseOfTheOfficialBinding()
    {
        var official = typeof(Official).GetFields(BindingFlags.Public | BindingFlags.Instance);
        var ours = typeof(OrtApiTable).GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance);

        Assert.NotEmpty(ours);
        Assert.All(official, field => Assert.Equal(typeof(nint), field.FieldType));
        Assert.Equal(
            ours.Select(field => $"{SlotOf(field)}: {Plain(Reworded.GetValueOrDefault(field.Name, field.Name))}"),
            ours.Select(field => $"{SlotOf(field)}: {Plain(official[SlotOf(field)].Name)}")
        );
    }

    private static int SlotOf(FieldInfo field) => (int)Marshal.OffsetOf<OrtApiTable>(field.Name) / nint.Size;

    /// <summary>Acronyms are words with us, and the object that a function belongs to is its first argument.</summary>
    private static string Plain(string name) =>
        name.Replace("SessionOptions", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();
}
