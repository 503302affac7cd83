using WanSharp.Engine.Decoding;
using WanSharp.Engine.Features;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Features;

/// <summary>Features are known by their keys: whatever changes a feature must change its key.</summary>
public sealed class FeatureKeysTests(TinyEngine engine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>What of a model's files changes the key of a text, and that of an image.</summary>
    [Theory]
    [InlineData("config.json", "\"mean\": [0.1", "\"mean\": [2.1", "image")]
    [InlineData("config.json", "\"std\": [1, 2", "\"std\": [1, 3", "image")]
    [InlineData("vae.safetensors", null, null, "image")]
    [InlineData("text.safetensors", null, null, "text")]
    [InlineData("transformer.safetensors", null, null, null)]
    public void AFileThatChanged_ChangesTheKeysOfWhatItComputes(string file, string? before, string? after, string? feature)
    {
        var plan = Plan(1);
        engine.CopyModel(_folder["tiny"]);
        var (text, image) = KeysOf(plan);
        var path = _folder[Path.Combine("tiny", file)];
        if (before is null)
        {
            using var stream = File.Open(path, FileMode.Open);
            stream.Position = stream.Length - 1;
            stream.WriteByte(1);
        }
        else
        {
            var config = File.ReadAllText(path);
            Assert.Contains(before, config, StringComparison.Ordinal);
            File.WriteAllText(path, config.Replace(before, after, StringComparison.Ordinal));
        }

        var (textNow, imageNow) = KeysOf(plan);

        Assert.Equal(feature == "text", text != textNow);
        Assert.Equal(feature == "image", image != imageNow);
    }

    [Fact]
    public void WhatGoesIn_ChangesTheKey()
    {
        var keys = new FeatureKeys(engine.Model.Identity, "here");
        var plan = Plan(1);
        string[] images =
        [
            keys.ForImages(plan),
            keys.ForImages(Plan(2)), // other pixels
            keys.ForImages(Plan(1, frame: -1)),
            keys.ForImages(Plan(1, width: 64)),
            keys.ForImages(Plan(1, frames: 9)),
            keys.ForImages(Plan(1, options: new EngineOptions { VaeTile = VaeTileChoice.Of(48, 48) })),
            new FeatureKeys(engine.Model.Identity, "elsewhere").ForImages(plan),
        ];
        string[] texts = [keys.ForText([1, 2]), keys.ForText([12]), new FeatureKeys(engine.Model.Identity, "elsewhere").ForText([1, 2])];

        Assert.Equal(images.Length, images.Distinct().Count());
        Assert.Equal(texts.Length, texts.Distinct().Count());
        Assert.Equal(keys.ForImages(plan), keys.ForImages(Plan(1)));
    }

    private (string Text, string Image) KeysOf(GenerationPlan plan)
    {
        using var model = WanModel.Open(_folder["tiny"]);
        var keys = new FeatureKeys(model.Identity, "here");
        return (keys.ForText([1, 2]), keys.ForImages(plan));
    }

    private GenerationPlan Plan(byte color, int frame = 0, int width = 96, int frames = 5, EngineOptions? options = null)
    {
        var pixels = new byte[96 * 96 * 3];
        Array.Fill(pixels, color);
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: options);
        return generator.Plan(
            new GenerationRequest
            {
                Prompt = "a red circle",
                Width = width,
                Height = 96,
                Frames = frames,
                Images = [new ConditioningImage(new RgbImage(96, 96, pixels), frame)],
            }
        );
    }
}
