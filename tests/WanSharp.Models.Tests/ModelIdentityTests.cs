using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WanSharp.Graphs.Networks;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

/// <summary>Keys of caches are made of a model's identity: whatever a network is built by must be in it.</summary>
public sealed class ModelIdentityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AConfiguration_WithAnyPropertyChanged_IsAnotherText()
    {
        AssertAll(new TransformerConfig(), ConfigurationJson.Default.TransformerConfig);
        AssertAll(new Umt5Config(), ConfigurationJson.Default.Umt5Config);
        AssertAll(new VaeConfig(), ConfigurationJson.Default.VaeConfig);
        AssertAll(new VisionEncoderConfig(), ConfigurationJson.Default.VisionEncoderConfig);

        static void AssertAll<T>(T configuration, JsonTypeInfo<T> json)
            where T : class
        {
            var known = new HashSet<string> { JsonSerializer.Serialize(configuration, json) };
            Assert.All(
                Variations.Of(configuration).ToList(),
                one => Assert.True(known.Add(JsonSerializer.Serialize(one.Changed, json)), one.Name)
            );
        }
    }

    [Theory]
    [InlineData("config.json", "\"mean\": [0.1", "\"mean\": [2.1", nameof(ModelPart.Vae))]
    [InlineData("config.json", "\"num_buckets\": 32", "\"num_buckets\": 32 ", null)]
    [InlineData("vae.safetensors", null, null, nameof(ModelPart.Vae))]
    [InlineData("text.safetensors", null, null, nameof(ModelPart.TextEncoder))]
    [InlineData("transformer.safetensors", null, null, nameof(ModelPart.TransformerWeights))]
    public void AFileThatChanged_ChangesTheIdentityOfItsPartAlone(string file, string? before, string? after, string? part)
    {
        TinyModel.Write(_folder["tiny"]);
        var known = Parts();
        var path = _folder[Path.Combine("tiny", file)];
        if (before is null)
        {
            using var stream = File.Open(path, FileMode.Open);
            stream.Position = stream.Length - 1;
            stream.WriteByte(1);
        }
        else
        {
            File.WriteAllText(path, File.ReadAllText(path).Replace(before, after, StringComparison.Ordinal));
        }

        Assert.Equal(part is null ? [] : [part], Parts().Where(now => now.Value != known[now.Key]).Select(now => $"{now.Key}"));

        Dictionary<ModelPart, string> Parts()
        {
            using var model = WanModel.Open(_folder["tiny"]);
            return Enum.GetValues<ModelPart>().Except([ModelPart.None, ModelPart.All]).ToDictionary(one => one, model.Identity.Of);
        }
    }
}
