using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>The VAE of Wan 2.1 against values that the official code produced: tests/fixtures/vae21.</summary>
public sealed class VaeRunnerTests : IDisposable
{
    /// <summary>The fixture's limit: the smallest known mistake (an eps inside the norm) moves outputs by 1.6e-4.</summary>
    private const float Tolerance = 3e-5f;

    private static readonly VaeConfig Config = VaeConfig.Wan21 with { Dim = 8 };

    private readonly OrtRuntime _runtime;
    private readonly ICheckpoint _reference = Checkpoint.Open(PathOf("io.safetensors"));
    private readonly ICheckpoint _weights = Checkpoint.Open(PathOf("weights.safetensors"));

    public VaeRunnerTests(RuntimeFixture fixture) => _runtime = fixture.Runtime;

    public static TheoryData<string, Lowering> Cases => new(
        from name in (string[])["case0", "case1", "case2", "case3", "case4", "case5"]
        from lowering in Enum.GetValues<Lowering>()
        select (name, lowering));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Encode_OfAFixture_GivesTheOfficialLatents(string name, Lowering lowering)
    {
        using var vae = new VaeRunner(_runtime, Config, _weights, lowering: lowering);

        using var latents = vae.Encode(Clip($"{name}.in.video"), TestContext.Current.CancellationToken);

        AssertClose(Clip($"{name}.out.mu"), [latents]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decode_OfAFixture_GivesTheOfficialFrames(string name, Lowering lowering)
    {
        using var vae = new VaeRunner(_runtime, Config, _weights, lowering: lowering);
        var latents = Clip(_reference.Tensors.ContainsKey($"{name}.in.z") ? $"{name}.in.z" : $"{name}.out.mu");

        var frames = vae.Decode(latents, TestContext.Current.CancellationToken).ToList();

        AssertClose(Clip($"{name}.out.video"), frames);
    }

    public void Dispose()
    {
        _reference.Dispose();
        _weights.Dispose();
    }

    private static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "fixtures", "vae21", file);

    /// <summary>A tensor of the fixture with a batch dimension.</summary>
    private Tensor Clip(string name)
    {
        var tensor = _reference.Get(name);
        return tensor.Reshape([1, .. tensor.Shape.Dims]);
    }

    /// <summary>Compares a clip with its pieces, which are disposed.</summary>
    private static void AssertClose(Tensor expected, List<Tensor> pieces)
    {
        var reference = expected.Read<float>();
        var (channels, frames, positions) = ((int)expected.Shape[1], (int)expected.Shape[2], (int)(expected.Shape[3] * expected.Shape[4]));
        var worst = 0f;
        var start = 0;
        foreach (var piece in pieces)
        {
            var values = piece.Read<float>();
            var count = (int)piece.Shape[2];
            for (var i = 0; i < values.Length; i++)
            {
                var (channel, frame, position) = (i / positions / count, i / positions % count, i % positions);
                worst = Math.Max(worst, MathF.Abs(values[i] - reference[(((channel * frames) + start + frame) * positions) + position]));
            }

            Assert.Equal(channels * count * positions, values.Length);
            start += count;
            piece.Dispose();
        }

        Assert.Equal(frames, start);
        Assert.InRange(worst, 0, Tolerance);
    }
}
