using WanSharp.Engine.Noise;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Export;

/// <summary>Exported files in the hands of programs that share no code with us.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class ExportedFilesTests(ExportedModel exported) : IClassFixture<ExportedModel>, IDisposable
{
    /// <summary>
    /// Another order of the same float32 operations; measured: 5e-6. The smallest known mistake in a formula moves an output by
    /// 1.6e-4.
    /// </summary>
    private const double SameNumbers = 2e-5;

    private const int Pieces = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, Tensor> _inputs = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Checker_OnExportedFiles_FindsNothing()
    {
        var (exitCode, output) = await OtherPrograms.PythonWithOnnxAsync(
            _folder.Path,
            OtherPrograms.Tool("check_onnx.py"),
            exported.Report.Folder
        );

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task Node_OnExportedFiles_GivesOurNumbers()
    {
        var expected = await OurOutputs();
        SafetensorsWriter.Write(_folder["inputs.safetensors"], _inputs);

        var (exitCode, output) = await OtherPrograms.NodeAsync(
            _folder.Path,
            OtherPrograms.Tool("run_onnx.cjs"),
            NodePackages.Require("onnxruntime-node"),
            exported.Report.Folder,
            _folder["inputs.safetensors"],
            _folder["outputs.safetensors"]
        );

        Assert.True(exitCode == 0, output);
        using var actual = Checkpoint.Open(_folder["outputs.safetensors"]);
        Assert.Equal(expected.Keys.Order(), actual.Tensors.Keys.Order());
        foreach (var (name, tensor) in expected)
        {
            Assert.Equal(tensor.Shape, actual.Tensors[name].Shape);
            var comparison = Comparison.Of(name, actual.Tensors[name].Read<float>(), tensor.Read<float>(), SameNumbers);
            Assert.True(comparison.Passed, $"{comparison}");
            Assert.True(tensor.Read<float>().ToArray().Max(MathF.Abs) > 0.01f, $"{name} is too small to compare.");
            tensor.Dispose();
        }
    }

    [Fact]
    public async Task Program_InTheReadme_MakesAClip()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(exported.Report.Folder, "README.md"), Cancellation);
        var program = readme.Split("```js\n")[1].Split("```")[0];
        var script = Path.Combine(exported.Report.Folder, "video.cjs");
        await File.WriteAllTextAsync(script, program, Cancellation);

        var (exitCode, output) = await OtherPrograms.NodeAsync(_folder.Path, script);

        Assert.True(exitCode == 0, output);
        var defaults = exported.Model.Defaults;
        Assert.Equal(3 * defaults.Frames * defaults.Height * defaults.Width, new FileInfo(_folder["clip.rgb"]).Length);
    }

    public void Dispose()
    {
        _folder.Dispose();
        foreach (var tensor in _inputs.Values)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Makes inputs, and runs our own networks on them; names as in run_onnx.cjs.</summary>
    private async Task<Dictionary<string, Tensor>> OurOutputs()
    {
        var (model, settings, outputs) = (exported.Model, new SessionSettings(), new Dictionary<string, Tensor>());
        using var graphs = new GraphCache(exported.Runtime);

        using var transformer = await TransformerRunner.CreateAsync(
            graphs,
            model.Transformer,
            model.TransformerWeights,
            settings,
            cancellationToken: Cancellation
        );
        var latents = Noise("transformer.latents", [2, 4, 3, 4, 6]);
        var timesteps = _inputs["transformer.timesteps"] = Tensor.CopyOf<float>([2, 3], [0, 500, 500, 0, 875.5f, 999]);
        var velocity = outputs["transformer.velocity"] = Tensor.Zeros(DType.F32, latents.Shape);
        transformer.Forward(
            latents,
            timesteps.Read<float>(),
            Noise("transformer.context", [2, model.Transformer.TextLength, model.Transformer.TextDim]),
            velocity,
            cancellationToken: Cancellation
        );

        using var textEncoder = await TextEncoderRunner.CreateAsync(
            graphs,
            model.TextEncoder,
            model.TextEncoderWeights,
            settings,
            cancellationToken: Cancellation
        );
        var ids = model.Tokenizer.Encode("a red circle moving left");
        _inputs["text_encoder.ids"] = Tensor.CopyOf<long>([1, ids.Length], [.. ids.Select(id => (long)id)]);
        _inputs["text_encoder.mask"] = Tensor.CopyOf<long>([1, ids.Length], [.. ids.Select(_ => 1L)]);
        outputs["text_encoder.text"] = textEncoder.Encode(ids, ids.Length, Cancellation);

        using var vae = new VaeRunner(exported.Runtime, model.Vae, model.VaeWeights, settings);
        var clip = Enumerable.Range(0, Pieces).Select(i => Noise($"vae_encode.frames.{i}", [1, 3, i == 0 ? 1 : 4, 16, 24])).ToList();
        Add("vae_encode.latents", vae.Encode(clip, Cancellation));

        using var decoded = Tensor.Zeros(DType.F32, [1, 4, Pieces, 2, 3]);
        for (var i = 0; i < Pieces; i++)
        {
            var piece = Noise($"vae_decode.latents.{i}", [1, 4, 1, 2, 3]).Read<float>();
            for (var channel = 0; channel < 4; channel++)
            {
                piece.Slice(channel * 6, 6).CopyTo(decoded.Write<float>()[(((channel * Pieces) + i) * 6)..]);
            }
        }

        Add("vae_decode.frames", vae.Decode(decoded, Cancellation));
        return outputs;

        void Add(string name, IEnumerable<Tensor> pieces)
        {
            foreach (var (i, piece) in pieces.Index())
            {
                outputs[$"{name}.{i}"] = piece;
            }
        }
    }

    private Tensor Noise(string name, Shape shape)
    {
        var noise = _inputs[name] = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(Seed: 2, (uint)_inputs.Count).Fill(noise.Write<float>());
        return noise;
    }
}
