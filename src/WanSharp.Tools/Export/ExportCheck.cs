using WanSharp.Engine.Noise;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Tools.Selftest;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace WanSharp.Tools.Export;

/// <summary>
/// Runs exported files and our own networks on the same small inputs, in two sizes, so that a length that was written
/// as a constant shows.
/// </summary>
/// <param name="model">The model that was exported.</param>
/// <param name="runtime">Runs both.</param>
/// <param name="folder">Where the files are.</param>
/// <param name="graphs">What is in them.</param>
/// <param name="compute">What they compute in, and our own networks for the comparison.</param>
internal sealed class ExportCheck(WanModel model, OrtRuntime runtime, string folder, IReadOnlyList<ExportedGraph> graphs, DType compute)
{
    /// <summary>
    /// The largest difference that passes, as a share of the output's largest magnitude where that is over 1. Other
    /// operators round otherwise (tiny networks: by 5e-6); the smallest known mistake in a formula moves an output by 1.6e-4.
    /// </summary>
    private const double Limit = 1e-4;

    private const int LatentFrames = 3; // One first step of the VAE, a next one, and one that takes the caches of a next one.
    private const int Colors = 3;

    private static readonly string[] Prompts = ["a red circle moving left on a black background", "一个蓝色方形"];

    private readonly SessionSettings _settings = new() { Compute = compute };
    private uint _streams;

    public static string NameOf(ModelNetworks network) =>
        network switch
        {
            ModelNetworks.Transformer => "transformer",
            ModelNetworks.TextEncoder => "text encoder",
            ModelNetworks.ImageEncoder => "image encoder",
            _ => "VAE",
        };

    /// <summary>Checks one network.</summary>
    public async Task<IReadOnlyList<Comparison>> RunAsync(ModelNetworks network, CancellationToken cancellationToken) =>
        network switch
        {
            ModelNetworks.Transformer => await TransformersAsync(cancellationToken).ConfigureAwait(false),
            ModelNetworks.TextEncoder => await TextEncoderAsync(cancellationToken).ConfigureAwait(false),
            ModelNetworks.ImageEncoder => await ImageEncoderAsync(model.VisionEncoder!, model.VisionEncoderWeights!, cancellationToken)
                .ConfigureAwait(false),
            _ => Vae(cancellationToken),
        };

    private async Task<IReadOnlyList<Comparison>> TransformersAsync(CancellationToken cancellationToken)
    {
        var comparisons = new List<Comparison>();
        foreach (var (file, weights) in ExportedGraph.Transformers(model))
        {
            comparisons.AddRange(await TransformerAsync(file, weights, cancellationToken).ConfigureAwait(false));
        }

        return comparisons;
    }

    private async Task<IReadOnlyList<Comparison>> TransformerAsync(string file, WeightStore weights, CancellationToken cancellationToken)
    {
        // A timestep for the sample, then one for each latent frame.
        using TransformerInputs small = TransformerInput(batch: 1, frames: 1, height: 2, width: 2, groups: 1),
            large = TransformerInput(batch: 2, frames: 3, height: 2, width: 3, groups: 3);
        TransformerInputs[] cases = [small, large];
        var exported = new List<float[]>();
        using (var session = Open(file, cancellationToken)) // Gone before our own network takes its memory.
        {
            foreach (var inputs in cases)
            {
                using var result = Run(session, inputs.ByName, cancellationToken);
                exported.Add(Values(result["velocity"]));
            }
        }

        using var cache = new GraphCache(runtime);
        using var runner = await TransformerRunner
            .CreateAsync(cache, model.Transformer, weights, _settings, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        var comparisons = new List<Comparison>();
        foreach (var (inputs, actual) in cases.Zip(exported))
        {
            var shape = inputs.Latents.Shape;
            using var velocity = Tensor.Zeros(DType.F32, [shape[0], model.Transformer.OutChannels, shape[2], shape[3], shape[4]]);
            runner.Forward(
                inputs.Latents,
                inputs.Timesteps.Read<float>(),
                inputs.Context,
                velocity,
                inputs.ImageFeatures,
                cancellationToken
            );
            comparisons.Add(
                Compare(
                    $"{Path.GetFileNameWithoutExtension(file)} velocity {velocity.Shape}",
                    file,
                    "velocity",
                    actual,
                    velocity.Read<float>()
                )
            );
        }

        return comparisons;
    }

    /// <param name="batch">Samples.</param>
    /// <param name="frames">Tokens in time.</param>
    /// <param name="height">Tokens down.</param>
    /// <param name="width">Tokens across.</param>
    /// <param name="groups">Timesteps of a sample.</param>
    private TransformerInputs TransformerInput(int batch, int frames, int height, int width, int groups)
    {
        var (config, patch) = (model.Transformer, model.Transformer.PatchSize);
        float[] timesteps = [.. Enumerable.Range(0, batch * groups).Select(i => 999f - (i * 125))];
        return new(
            Noise([batch, config.GivenChannels, frames * patch.Frames, height * patch.Height, width * patch.Width]),
            Tensor.CopyOf<float>([batch, groups], timesteps),
            Noise([batch, config.TextLength, config.TextDim]),
            config.VisionDim is { } visionDim ? Noise([batch, config.VisionRowsFor(model.VisionEncoder!.Tokens), visionDim]) : null
        );
    }

    private async Task<IReadOnlyList<Comparison>> TextEncoderAsync(CancellationToken cancellationToken)
    {
        var (length, dim) = (model.Transformer.TextLength, model.TextEncoder.Dim);
        var prompts = Prompts.Select(prompt => model.Tokenizer.Encode(prompt, length)).ToList();
        var longest = prompts.Max(ids => ids.Length);
        using var ids = Tensor.Zeros(DType.I64, [prompts.Count, longest]);
        using var mask = Tensor.Zeros(DType.I64, ids.Shape);
        ids.Write<long>().Fill(model.Tokenizer.PadId);
        for (var row = 0; row < prompts.Count; row++)
        {
            TensorPrimitives.ConvertChecked<int, long>(prompts[row], ids.Write<long>()[(row * longest)..]);
            mask.Write<long>().Slice(row * longest, prompts[row].Length).Fill(1);
        }

        float[] exported;
        using (var session = Open(ExportedGraph.TextEncoder, cancellationToken))
        using (var result = Run(session, [("ids", ids), ("mask", mask)], cancellationToken))
        {
            exported = Values(result["text"]); // [batch, longest, dim]
        }

        using var cache = new GraphCache(runtime);
        using var runner = await TextEncoderRunner
            .CreateAsync(cache, model.TextEncoder, model.TextEncoderWeights, _settings, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        var comparisons = new List<Comparison>();
        for (var row = 0; row < prompts.Count; row++)
        {
            using var text = runner.Encode(prompts[row], prompts[row].Length, cancellationToken); // [1, length, dim]
            comparisons.Add(
                Compare(
                    $"text encoder text {text.Shape}",
                    ExportedGraph.TextEncoder,
                    "text",
                    exported.AsSpan(row * longest * dim, prompts[row].Length * dim),
                    text.Read<float>()
                )
            );
        }

        return comparisons;
    }

    private async Task<IReadOnlyList<Comparison>> ImageEncoderAsync(
        VisionEncoderConfig config,
        WeightStore weights,
        CancellationToken cancellationToken
    )
    {
        var exported = new List<float[]>();
        using Tensor one = Noise([1, Colors, config.ImageSize, config.ImageSize]),
            two = Noise([2, Colors, config.ImageSize, config.ImageSize]);
        using (var session = Open(ExportedGraph.ImageEncoder, cancellationToken))
        {
            foreach (var images in new[] { one, two })
            {
                using var result = Run(session, [("image", images)], cancellationToken);
                exported.Add(Values(result["features"])); // [batch, tokens, dim]
            }
        }

        using var cache = new GraphCache(runtime);
        using var runner = await VisionEncoderRunner
            .CreateAsync(cache, config, weights, _settings, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        using Tensor ofOne = runner.Encode(one, cancellationToken),
            ofTwo = runner.Encode(two, cancellationToken);
        return
        [
            .. new[] { ofOne, ofTwo }.Zip(
                exported,
                (features, actual) =>
                    Compare(
                        $"image encoder features {features.Shape}",
                        ExportedGraph.ImageEncoder,
                        "features",
                        actual,
                        features.Read<float>()
                    )
            ),
        ];
    }

    private List<Comparison> Vae(CancellationToken cancellationToken)
    {
        var config = model.Vae;
        using var vae = new VaeRunner(runtime, config, model.VaeWeights, _settings);
        var comparisons = new List<Comparison>();
        foreach (var (batch, height, width) in new[] { (1, 2, 2), (2, 2, 3) })
        {
            var frames = Enumerable
                .Range(0, LatentFrames)
                .Select(i =>
                    Noise([batch, Colors, i == 0 ? 1 : config.TemporalStride, height * config.SpatialStride, width * config.SpatialStride])
                )
                .ToList();
            var encoded = Stream(ExportedGraph.VaeEncodeFirst, ExportedGraph.VaeEncodeNext, "frames", frames, "latents", cancellationToken);
            comparisons.AddRange(ComparePieces(ExportedGraph.VaeEncodeNext, "latents", encoded, vae.Encode(frames, cancellationToken)));

            var latents = Enumerable.Range(0, LatentFrames).Select(_ => Noise([batch, config.LatentChannels, 1, height, width])).ToList();
            var decoded = Stream(
                ExportedGraph.VaeDecodeFirst,
                ExportedGraph.VaeDecodeNext,
                "latents",
                latents,
                "frames",
                cancellationToken
            );
            using var clip = Join(latents);
            comparisons.AddRange(ComparePieces(ExportedGraph.VaeDecodeNext, "frames", decoded, vae.Decode(clip, cancellationToken)));
            frames.ForEach(piece => piece.Dispose());
            latents.ForEach(piece => piece.Dispose());
        }

        return comparisons;
    }

    /// <summary>Runs a streamed network's two files over a clip, as the export's README says.</summary>
    private List<float[]> Stream(
        string first,
        string next,
        string input,
        List<Tensor> pieces,
        string output,
        CancellationToken cancellationToken
    )
    {
        using Session firstSession = Open(first, cancellationToken),
            nextSession = Open(next, cancellationToken);
        var results = new List<RunResult>();
        try
        {
            foreach (var piece in pieces)
            {
                var session = results.Count == 0 ? firstSession : nextSession;
                var caches = session
                    .Inputs.Where(value => value.Name != input)
                    .Select(value => (value.Name, results[^1][value.Name + WanVae.NextSuffix].AsTensor()));
                results.Add(Run(session, [(input, piece), .. caches], cancellationToken));
            }

            return [.. results.Select(result => Values(result[output]))];
        }
        finally
        {
            results.ForEach(result => result.Dispose());
        }
    }

    private IEnumerable<Comparison> ComparePieces(string file, string output, List<float[]> exported, IEnumerable<Tensor> expected)
    {
        foreach (var (actual, piece) in exported.Zip(expected))
        {
            using (piece)
            {
                yield return Compare($"VAE {output} {piece.Shape}", file, output, actual, piece.Read<float>());
            }
        }
    }

    /// <summary>Both were rounded as often, by kernels of their own.</summary>
    private Comparison Compare(string name, string file, string output, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        var kernels = new NumberLimit(Limit * Math.Max(1, TensorPrimitives.MaxMagnitude(expected))) { Compute = compute };
        var roundings = graphs.First(graph => graph.File == file).Graph.Outputs.First(value => value.Name == output).Roundings;
        return Comparison.Of(name, actual, expected, kernels.After(2 * roundings));
    }

    /// <summary>Pieces [batch, channels, 1, height, width] as one clip [batch, channels, pieces, height, width].</summary>
    private static Tensor Join(List<Tensor> pieces)
    {
        var shape = pieces[0].Shape;
        var clip = Tensor.Zeros(DType.F32, [shape[0], shape[1], pieces.Count, shape[3], shape[4]]);
        var area = (int)(shape[3] * shape[4]);
        for (var image = 0; image < shape[0] * shape[1]; image++)
        {
            for (var i = 0; i < pieces.Count; i++)
            {
                pieces[i].Read<float>().Slice(image * area, area).CopyTo(clip.Write<float>()[(((image * pieces.Count) + i) * area)..]);
            }
        }

        return clip;
    }

    private static float[] Values(RuntimeValue value) => value.AsTensor().Read<float>().ToArray();

    private static RunResult Run(Session session, IEnumerable<(string Name, Tensor Value)> inputs, CancellationToken cancellationToken)
    {
        using var run = session.Prepare();
        foreach (var (name, value) in inputs)
        {
            run.SetInput(name, value);
        }

        return run.Run(cancellationToken);
    }

    private Session Open(string file, CancellationToken cancellationToken) =>
        runtime.CreateSession(Path.Combine(folder, file), _settings with { Name = file }, cancellationToken);

    private Tensor Noise(Shape shape)
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(Seed: 0, _streams++).Fill(noise.Write<float>());
        return noise;
    }

    private sealed record TransformerInputs(Tensor Latents, Tensor Timesteps, Tensor Context, Tensor? ImageFeatures) : IDisposable
    {
        public IEnumerable<(string Name, Tensor Value)> ByName
        {
            get
            {
                (string, Tensor)[] always = [("latents", Latents), ("timesteps", Timesteps), ("context", Context)];
                return ImageFeatures is null ? always : always.Append(("clip_features", ImageFeatures));
            }
        }

        public void Dispose()
        {
            Latents.Dispose();
            Timesteps.Dispose();
            Context.Dispose();
            ImageFeatures?.Dispose();
        }
    }
}
