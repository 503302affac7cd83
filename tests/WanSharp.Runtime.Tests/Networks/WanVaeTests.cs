using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>
/// The graphs of the VAE against values that the official code produced, in every lowering and with weights of either kind.
/// </summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class WanVaeTests(RuntimeFixture fixture)
{
    // What the fixtures recommend; the smallest known mistake (another norm) moves outputs by 1.6e-4.
    private const float Tolerance = 3e-5f;

    [Theory]
    [NetworkData("vae21", "vae22")]
    public void Encode_OnEveryCase_MatchesTheOfficialCode(string name, Lowering lowering, WeightStorage storage)
    {
        using var network = NetworkFixture.Open(name);
        var (config, options) = (
            network.VaeConfig(),
            new GraphOptions
            {
                Lowering = lowering,
                Weights = storage,
                Probes = true,
            }
        );
        using var first = new GraphSession(fixture.Runtime, WanVae.EncodeFirst(config, options), network.Weights);
        using var next = new GraphSession(fixture.Runtime, WanVae.EncodeNext(config, options), network.Weights);
        foreach (var run in network.Cases)
        {
            var pieces = Pieces(network.Values.Get($"{run}.in.video"), config.TemporalStride);

            var steps = Stream(first, next, "frames", pieces);

            Check(network, $"{run}.mid.encoder", steps, "encoder");
            Check(network, $"{run}.out.mu_raw", steps, "mu_raw");
            Check(network, $"{run}.out.mu", steps, "latents");
        }
    }

    [Theory]
    [NetworkData("vae21", "vae22")]
    public void Decode_OnEveryCase_MatchesTheOfficialCode(string name, Lowering lowering, WeightStorage storage)
    {
        using var network = NetworkFixture.Open(name);
        var (config, options) = (
            network.VaeConfig(),
            new GraphOptions
            {
                Lowering = lowering,
                Weights = storage,
                Probes = true,
            }
        );
        using var first = new GraphSession(fixture.Runtime, WanVae.DecodeFirst(config, options), network.Weights);
        using var next = new GraphSession(fixture.Runtime, WanVae.DecodeNext(config, options), network.Weights);
        foreach (var run in network.Cases)
        {
            var latents = network.Values.Get(network.Values.Tensors.ContainsKey($"{run}.in.z") ? $"{run}.in.z" : $"{run}.out.mu");

            var steps = Stream(first, next, "latents", Pieces(latents, stride: 1));

            Check(network, $"{run}.mid.dec_conv2", steps, "dec_conv2");
            Check(network, $"{run}.mid.dec_conv1", steps, "dec_conv1");
            Check(network, $"{run}.mid.dec_middle", steps, "dec_middle");
            Check(network, $"{run}.out.video_raw", steps, "video_raw");
            Check(network, $"{run}.out.video", steps, "frames");
        }
    }

    /// <summary>Runs the steps of a clip, each with the caches that the one before left.</summary>
    private static List<Dictionary<string, Tensor>> Stream(GraphSession first, GraphSession next, string input, IEnumerable<Tensor> pieces)
    {
        var steps = new List<Dictionary<string, Tensor>>();
        foreach (var piece in pieces)
        {
            var caches =
                steps.Count == 0 ? [] : steps[^1].Where(output => output.Key.EndsWith(WanVae.NextSuffix, StringComparison.Ordinal));
            steps.Add(
                (steps.Count == 0 ? first : next).Run([
                    (input, piece),
                    .. caches.Select(cache => (cache.Key[..^WanVae.NextSuffix.Length], cache.Value)),
                ])
            );
        }

        return steps;
    }

    /// <summary>
    /// A clip [channels, frames, height, width] as the steps take it: one frame, then <paramref name="stride"/> frames each.
    /// </summary>
    private static IEnumerable<Tensor> Pieces(Tensor clip, int stride)
    {
        for (long start = 0, count = 1; start < clip.Shape[1]; start += count, count = stride)
        {
            var positions = (int)(clip.Shape[2] * clip.Shape[3]);
            var piece = Tensor.Zeros(DType.F32, [1, clip.Shape[0], count, clip.Shape[2], clip.Shape[3]]);
            for (var channel = 0; channel < clip.Shape[0]; channel++)
            {
                var frames = clip.Slice(channel, 1).Read<float>().Slice((int)start * positions, (int)count * positions);
                frames.CopyTo(piece.Write<float>()[(channel * (int)count * positions)..]);
            }

            yield return piece;
        }
    }

    /// <summary>Compares a tensor [channels, frames, height, width] with the steps' outputs one after another.</summary>
    private static void Check(NetworkFixture network, string expected, List<Dictionary<string, Tensor>> steps, string output)
    {
        var shape = network.Values.Get(expected).Shape;
        var (channels, positions) = ((int)shape[0], (int)(shape[2] * shape[3]));
        var frames = steps
            .SelectMany(step => Enumerable.Range(0, (int)step[output].Shape[2]).Select(frame => (step[output], frame)))
            .ToList();
        Assert.Equal(shape[1], frames.Count);
        var actual = new float[channels * frames.Count * positions];
        for (var i = 0; i < channels * frames.Count; i++)
        {
            var (piece, frame) = frames[i % frames.Count];
            var row = (i / frames.Count * (int)piece.Shape[2]) + frame; // of [channels · frames, positions]
            piece.Read<float>().Slice(row * positions, positions).CopyTo(actual.AsSpan(i * positions));
        }

        WanTransformerTests.AssertClose(expected, network.Floats(expected), actual, Tolerance);
    }
}
