using System.Text.RegularExpressions;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Enhancers;
using WanSharp.Models.Layout;
using WanSharp.Models.Names;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Enhancers;

public sealed class EnhancerFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int> Scales => [1, 2, 4];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Scales))]
    public void AnRrdbNet_IsToldByItsTensors(int scale)
    {
        using var file = Open(Upscalers.Write(_folder["a.safetensors"], Upscalers.Rrdb(scale)));

        Assert.Equal(Upscalers.Rrdb(scale), file.Upscaler);
        Assert.Equal(Upscalers.Rrdb(scale), NetworkFile.Read(file.Path).Upscaler);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void ACompactNet_IsToldByItsTensors(int scale)
    {
        using var file = Open(Upscalers.Write(_folder["a.safetensors"], Upscalers.Compact(scale)));

        Assert.Equal(Upscalers.Compact(scale), file.Upscaler);
    }

    [Theory]
    [InlineData("params")]
    [InlineData("params_ema")]
    [InlineData("official")]
    [InlineData("first")]
    public void AnRrdbNet_UnderTheNamesOfOthers_HasTheSameWeights(string names)
    {
        using var file = Open(Upscalers.Write(_folder["a.safetensors"], Upscalers.Rrdb(), name => Renamed(names, name)));
        using var own = Upscalers.Weights(Upscalers.Rrdb());

        Assert.Equal(Upscalers.Rrdb(), file.Upscaler);
        foreach (var slot in NetworkSlots.Of(Upscalers.Rrdb()))
        {
            Assert.Equal(own.Tensors[slot.Name].Read<float>().ToArray(), file.Weights.Get(slot).Read<float>().ToArray());
        }
    }

    [Fact]
    public void OfATraining_TheAverageIsTaken()
    {
        using var plain = Upscalers.Weights(Upscalers.Compact(), seed: 1);
        using var average = Upscalers.Weights(Upscalers.Compact(), seed: 2);
        var both = plain.Tensors.ToDictionary(pair => $"params.{pair.Key}", pair => pair.Value);
        foreach (var (name, tensor) in average.Tensors)
        {
            both[$"params_ema.{name}"] = tensor;
        }

        SafetensorsWriter.Write(_folder["a.safetensors"], both, null);
        using var file = Open(_folder["a.safetensors"]);
        var slot = NetworkSlots.Of(Upscalers.Compact()).First();

        Assert.Equal(average.Tensors[slot.Name].Read<float>().ToArray(), file.Weights.Get(slot).Read<float>().ToArray());
    }

    [Theory]
    [InlineData("body.1.rdb2.conv3.bias", "body.1.rdb2.conv3.bias")] // lost
    [InlineData("conv_up1.weight", "conv_up1.weight")]
    public void ANetworkWithoutAWeight_IsRefused(string lost, string named)
    {
        using var weights = Upscalers.Weights(Upscalers.Rrdb());
        SafetensorsWriter.Write(
            _folder["a.safetensors"],
            weights.Tensors.Where(pair => pair.Key != lost).ToDictionary(pair => pair.Key, pair => pair.Value),
            null
        );

        var error = Assert.Throws<CheckpointException>(() => Open(_folder["a.safetensors"]));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALayerThatIsNotUnderstood_IsRefused()
    {
        using var weights = Upscalers.Weights(Upscalers.Rrdb());
        var tensors = weights.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value);
        tensors["body.0.rdb1.conv1x1.weight"] = tensors["conv_last.weight"]; // of ESRGAN+
        SafetensorsWriter.Write(_folder["a.safetensors"], tensors, null);

        var error = Assert.Throws<CheckpointException>(() => Open(_folder["a.safetensors"]));

        Assert.Contains("body.0.rdb1.conv1x1.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherUpscaler_IsNamed()
    {
        using var weights = Upscalers.Weights(Upscalers.Rrdb());
        SafetensorsWriter.Write(
            _folder["a.safetensors"],
            new Dictionary<string, Tensor>
            {
                ["conv_first.weight"] = weights.Tensors["conv_first.weight"],
                ["layers.0.residual_group.blocks.0.attn.qkv.weight"] = weights.Tensors["conv_last.weight"],
            },
            null
        );

        var error = Assert.Throws<CheckpointException>(() => Open(_folder["a.safetensors"]));

        Assert.Contains("SwinIR", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(InterpolatorHead.None, false, "4.6")]
    [InlineData(InterpolatorHead.TwoLayers, false, "4.7 to 4.9")]
    [InlineData(InterpolatorHead.Sequence, false, "4.10 to 4.12")]
    [InlineData(InterpolatorHead.Named, false, "4.13 to 4.17")]
    [InlineData(InterpolatorHead.Named, true, "4.25 and 4.26")]
    public void Rife_IsToldByItsTensors(InterpolatorHead head, bool passes, string versions)
    {
        var config = Interpolators.Of(head, passes);
        using var file = Open(Interpolators.Write(_folder["a.safetensors"], config));

        Assert.Equal(versions, file.Interpolator!.Versions);
        Assert.Equal(config.Widths, file.Interpolator.Widths);
        Assert.Equal(config with { Widths = file.Interpolator.Widths }, file.Interpolator);
    }

    [Fact]
    public void Rife_OfAnUnknownVersion_IsRefused()
    {
        using var weights = Interpolators.Weights(Interpolators.Of(InterpolatorHead.Named, passes: true));
        var tensors = weights.Tensors.Where(pair => !pair.Key.StartsWith("block4", StringComparison.Ordinal));
        SafetensorsWriter.Write(_folder["a.safetensors"], tensors.ToDictionary(pair => pair.Key, pair => pair.Value), null);

        var error = Assert.Throws<CheckpointException>(() => Open(_folder["a.safetensors"]));

        Assert.Contains("no known version of RIFE", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rife_WithWhatItsTrainingKeeps_IsRead()
    {
        using var weights = Interpolators.Weights(Interpolators.Rife46);
        var tensors = weights.Tensors.ToDictionary(pair => $"module.{pair.Key}", pair => pair.Value);
        tensors["module.teacher.conv0.0.0.weight"] = weights.Tensors["block0.conv0.0.0.weight"];
        SafetensorsWriter.Write(_folder["a.safetensors"], tensors, null);

        using var file = Open(_folder["a.safetensors"]);

        Assert.Equal("4.6", file.Interpolator!.Versions);
    }

    [Fact]
    public void ATinyDecoder_IsNotTakenForOne()
    {
        DecoderFiles.Write(_folder["a.safetensors"], TinyVaes.Wan21);

        var error = Assert.Throws<CheckpointException>(() => Open(_folder["a.safetensors"]));

        Assert.Contains("no network that enlarges frames", error.Message, StringComparison.Ordinal);
    }

    private static EnhancerFile Open(string path) => EnhancerFile.Open(path, new FileDigests(folder: null));

    /// <summary>What a tensor of an RRDBNet of two blocks is called elsewhere.</summary>
    private static string Renamed(string names, string name)
    {
        if (names is "params" or "params_ema")
        {
            return $"{names}.{name}";
        }

        (string Own, string Official, string First)[] layers =
        [
            ("conv_first", "conv_first", "model.0"),
            ("conv_body", "trunk_conv", "model.1.sub.2"),
            ("conv_up1", "upconv1", "model.3"),
            ("conv_up2", "upconv2", "model.6"),
            ("conv_hr", "HRconv", "model.8"),
            ("conv_last", "conv_last", "model.10"),
        ];
        var isOfficial = names == "official";
        foreach (var (own, official, first) in layers)
        {
            if (name.StartsWith(own + ".", StringComparison.Ordinal))
            {
                return (isOfficial ? official : first) + name[own.Length..];
            }
        }

        return Regex.Replace(
            name,
            @"^body\.(\d+)\.rdb(\d)\.(conv\d)",
            isOfficial ? "RRDB_trunk.$1.RDB$2.$3" : "model.1.sub.$1.RDB$2.$3.0",
            RegexOptions.CultureInvariant
        );
    }
}
