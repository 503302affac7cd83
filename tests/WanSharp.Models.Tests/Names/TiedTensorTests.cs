using WanSharp.Graphs;
using WanSharp.Models.Layout;
using WanSharp.Models.Names;
using WanSharp.Models.Tests.Layout;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Names;

/// <summary>A table of words under two names: one is used, with what belongs to it, if both hold the same numbers.</summary>
public sealed class TiedTensorTests : IDisposable
{
    private const string First = "shared";
    private const string Second = "encoder.embed_tokens";
    private const float Scale = 0.25f;

    private readonly TinyFolder _folder = new("wan2.1-t2v-1.3b");
    private readonly Tensor _table;

    public TiedTensorTests() => _table = _folder.Networks.Text["token_embedding.weight"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Read_BothTables_TakesTheFirstWithItsScale(bool isFirstScaled, bool isSecondScaled)
    {
        var tensors = WithoutTable();
        Add(tensors, First, isFirstScaled, factor: 1);
        Add(tensors, Second, isSecondScaled, factor: 1);
        var path = _folder.Write("umt5.safetensors", tensors);
        Assert.Equal((null, true), (NetworkFile.Read(path).Problem, NetworkFile.Read(path).TextEncoder is not null));

        using var weights = new WeightStore(TextEncoderNames.Names.Find(Checkpoint.Open(path))!);
        var values = weights.Get(new WeightSlot("token_embedding.weight", DType.F32, _table.Shape)).Read<float>();
        Assert.Equal(_table.Read<float>()[7], values[7], isFirstScaled ? 0.1f * Math.Abs(_table.Read<float>()[7]) : 0);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void Read_TablesThatDiffer_AreRefused(bool isFirstScaled, bool isSecondScaled)
    {
        var tensors = WithoutTable();
        Add(tensors, First, isFirstScaled, factor: 1);
        Add(tensors, Second, isSecondScaled, factor: -2);
        var problem = NetworkFile.Read(_folder.Write("umt5.safetensors", tensors)).Problem;
        Assert.Contains($"'{First}.weight'", problem, StringComparison.Ordinal);
        Assert.Contains($"'{Second}.weight'", problem, StringComparison.Ordinal);
        Assert.Contains("different numbers", problem, StringComparison.Ordinal);
    }

    private Dictionary<string, Tensor> WithoutTable()
    {
        var tensors = _folder
            .Networks.Text.Where(pair => pair.Key != "token_embedding.weight")
            .ToDictionary(pair => OtherTools.TransformersText(pair.Key), pair => pair.Value);
        var spieces = File.ReadAllBytes(TinyNetworks.SpieceModel);
        tensors["spiece_model"] = _folder.Keep(Tensor.CopyOf<byte>([spieces.Length], spieces));
        return tensors;
    }

    private void Add(Dictionary<string, Tensor> tensors, string layer, bool isScaled, float factor)
    {
        var values = _table.Read<float>().ToArray();
        using var scaled = Tensor.CopyOf<float>(_table.Shape, [.. values.Select(value => value * factor / (isScaled ? Scale : 1))]);
        tensors[$"{layer}.weight"] = _folder.Keep(scaled.ConvertTo(isScaled ? DType.F8E4M3 : DType.F32));
        if (isScaled)
        {
            tensors[$"{layer}.weight_scale"] = _folder.Keep(Tensor.CopyOf<float>(Shape.Scalar, [Scale]));
        }
    }
}
