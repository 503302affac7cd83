using System.Text.Json;
using WanSharp.Models.Layout;
using WanSharp.Models.Names;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Codes;

/// <summary>
/// Notes in the header say what codes mean: each meets its layer, whatever a tool did to the names, or the file is refused.
/// </summary>
public sealed class HeaderNotesTests : IDisposable
{
    private const string Note = """{"format":"int8_tensorwise","convrot":true,"convrot_groupsize":16}""";

    private readonly TinyNetworks _networks = new("wan2.1-t2v-1.3b");
    private readonly TemporaryFolder _folder = new();
    private readonly Quantizer _quantizer;
    private readonly List<string> _layers;

    public HeaderNotesTests()
    {
        _quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["comfy int8 convrot"]);
        _layers =
        [
            .. _quantizer
                .Stored.Keys.Where(name => name.EndsWith(QuantizationNote.Suffix, StringComparison.Ordinal))
                .Select(name => name[..^QuantizationNote.Suffix.Length]),
        ];
        _layers.ForEach(layer => _quantizer.Stored.Remove(layer + QuantizationNote.Suffix));
    }

    public void Dispose()
    {
        _quantizer.Dispose();
        _networks.Dispose();
        _folder.Dispose();
    }

    /// <summary>quanto's own note in the header says a type for each layer.</summary>
    [Theory]
    [InlineData("quanto int8", "qint8", null)]
    [InlineData("quanto fp8", "qfloat8", null)]
    [InlineData("quanto fp8", "qfloat8_e4m3fn", null)]
    [InlineData("quanto int8", "qint4", "quanto's qint4, which is not supported")]
    [InlineData("quanto int8", "qfloat8", "but it is I8")]
    [InlineData("quanto fp8", "qint8", "but it is F8_E4M3")]
    public void Read_WithQuantosMap_ItSaysWhatTheFileHas(string format, string type, string? called)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read[format]);
        var layers = quantizer
            .Stored.Keys.Where(name => name.EndsWith(".weight._data", StringComparison.Ordinal))
            .ToDictionary(
                name => name[..^".weight._data".Length],
                _ => new Dictionary<string, string> { ["weights"] = type, ["activations"] = "none" }
            );
        var map = JsonSerializer.SerializeToUtf8Bytes(layers);
        var notes = new Dictionary<string, string> { ["quantization_map_base64"] = Convert.ToBase64String(map) };
        SafetensorsWriter.Write(_folder["model.safetensors"], quantizer.Stored, notes);
        var problem = NetworkFile.Read(_folder["model.safetensors"]).Problem;
        Assert.Equal(called is null, problem is null);
        Assert.Contains(called ?? "", problem ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "model.diffusion_model.")]
    [InlineData("model.diffusion_model.", "")]
    [InlineData("diffusion_model.", "model.diffusion_model.")]
    [InlineData("", "_orig_mod.")]
    public void Read_NotesUnderAnotherPrefix_MeetTheirLayers(string ofTensors, string ofNotes) =>
        AssertRotated(_quantizer.Stored.ToDictionary(pair => ofTensors + pair.Key, pair => pair.Value), layer => ofNotes + layer);

    [Fact]
    public void Read_NotesUnderTheNamesOfWeights_MeetTheirLayers() => AssertRotated(_quantizer.Stored, layer => layer + ".weight");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_ANoteOfALayerThatIsNotThere_IsRefused(bool isAll)
    {
        var renamed = _layers.ConvertAll(layer => layer.Replace("blocks.", "layers.", StringComparison.Ordinal));
        Write("model.safetensors", _quantizer.Stored, isAll ? renamed : [.. _layers, renamed[0]]);
        var file = NetworkFile.Read(_folder["model.safetensors"]);
        Assert.Null(file.Transformer);
        Assert.Contains($"'{renamed[0]}'", file.Problem, StringComparison.Ordinal);
        Assert.Contains("no weight of that name", file.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ShardsWithNotesOfTheirOwn_JoinsThem()
    {
        var half = _quantizer.Stored.Keys.Order(StringComparer.Ordinal).ElementAt(_quantizer.Stored.Count / 2);
        foreach (var (number, isFirst) in new[] { (1, true), (2, false) })
        {
            var part = _quantizer.Stored.Where(pair => string.CompareOrdinal(pair.Key, half) < 0 == isFirst).ToDictionary();
            var name = $"wan-0000{number}-of-00002.safetensors";
            Write(name, part, _layers.FindAll(layer => part.ContainsKey(layer + ".weight")));
        }

        AssertRotated(_folder["wan-00001-of-00002.safetensors"]);
    }

    [Theory]
    [InlineData("\"1.0\"", null)]
    [InlineData("1", null)]
    [InlineData("\"2.0\"", "version '2.0'")]
    public void Read_AVersion_IsKnownOrRefused(string version, string? problem)
    {
        Write("model.safetensors", _quantizer.Stored, _layers, version);
        var file = NetworkFile.Read(_folder["model.safetensors"]);
        Assert.Equal(problem is null, file.Problem is null);
        Assert.Contains(problem ?? "", file.Problem ?? "", StringComparison.Ordinal);
    }

    private void AssertRotated(Dictionary<string, Tensor> tensors, Func<string, string> noted)
    {
        Write("model.safetensors", tensors, _layers.ConvertAll(layer => noted(layer)));
        AssertRotated(_folder["model.safetensors"]);
    }

    private void AssertRotated(string path)
    {
        Assert.Equal((null, _networks.Config), (NetworkFile.Read(path).Problem, NetworkFile.Read(path).Transformer));
        using var weights = new WeightStore(TransformerNames.Names.Find(Checkpoint.Open(path))!);
        foreach (var layer in _layers)
        {
            var expected = _quantizer.Expected[layer + ".weight"];
            var slot = NetworkSlots.Of(_networks.Config).First(slot => slot.Name == layer + ".weight");
            var values = weights.Get(slot).Read<float>().ToArray();
            Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-6f * Math.Max(1, Math.Abs(pair.First))));
        }
    }

    private void Write(string name, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyList<string> noted, string version = "\"1.0\"")
    {
        var notes = string.Join(',', noted.Select(layer => $"\"{layer}\":{Note}"));
        SafetensorsWriter.Write(
            _folder[name],
            tensors,
            new Dictionary<string, string> { ["_quantization_metadata"] = $$$"""{"format_version":{{{version}}},"layers":{{{{notes}}}}}""" }
        );
    }
}
