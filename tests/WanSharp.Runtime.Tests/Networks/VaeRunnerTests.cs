using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

[NoLiveObjects]
[Collection("native objects")]
public sealed class VaeRunnerTests : IClassFixture<VaeRunnerTests.CompiledVae>
{
    private const float Tolerance = 3e-5f; // What the fixtures recommend.
    private const float BatchTolerance = 1e-5f; // Convolutions choose by shape, so a batch of two rounds differently.
    private const int LongClip = 7; // latent frames

    private readonly OrtRuntime _runtime;
    private readonly NetworkFixture _network;
    private readonly VaeRunner _vae;

    public VaeRunnerTests(RuntimeFixture fixture, CompiledVae compiled) =>
        (_runtime, _network, _vae) = (fixture.Runtime, compiled.Network, compiled.Vae);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void EncodeAndDecode_OfAFixture_GiveTheOfficialValues()
    {
        var video = _network.Values.Get("case1.in.video");
        using var latents = _vae.Encode(video.Reshape([1, .. video.Shape]), Cancellation);
        using var frames = Join(_vae.Decode(latents, Cancellation));

        WanTransformerTests.AssertClose("latents", _network.Floats("case1.out.mu"), latents.Read<float>(), Tolerance);
        WanTransformerTests.AssertClose("frames", _network.Floats("case1.out.video"), frames.Read<float>(), Tolerance);
    }

    [Fact]
    public void Decode_OfAnyClip_GivesOneFrameAndThenFourAStep()
    {
        using var latents = Random([1, 16, 3, 2, 3]);

        var shapes = _vae.Decode(latents, Cancellation).Select(ShapeAndDispose);

        Assert.Equal(
            [
                [1, 3, 1, 16, 24],
                [1, 3, 4, 16, 24],
                [1, 3, 4, 16, 24],
            ],
            shapes
        );
    }

    /// <summary>As with a damaged weight: pixels of NaN would be a black clip.</summary>
    [Fact]
    public void Decode_OfWhatIsNoNumber_IsRefused()
    {
        using var latents = Random([1, 16, 2, 2, 2]);
        latents.Write<float>()[^1] = float.NaN;

        var error = Assert.Throws<CheckpointException>(() => _vae.Decode(latents, Cancellation).Select(ShapeAndDispose).ToList());

        Assert.Contains("NaN or infinity", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_OfALongerClip_BeginsLikeAShorterOne()
    {
        using var latents = Random([1, 16, LongClip, 2, 2]);
        using var shorter = Join(_vae.Decode(latents, Cancellation).Take(3));
        using var longer = Join(_vae.Decode(latents, Cancellation));

        Assert.Equal(1 + (4 * (LongClip - 1)), longer.Shape[2]);
        Assert.Equal(Frames(longer, 0, 9), Frames(shorter, 0, 9));
    }

    [Fact]
    public void Decode_OfALongClip_KeepsNoMoreThanOfAShortOne()
    {
        using var runtime = OrtRuntime.Create(); // of its own: other tests run at the same time
        using var vae = new VaeRunner(runtime, _network.VaeConfig(), _network.Store);
        using var latents = Random([1, 16, LongClip, 2, 2]);
        var live = new List<long>();
        foreach (var piece in vae.Decode(latents, Cancellation))
        {
            piece.Dispose();
            live.Add(runtime.Api.LiveObjects);
        }

        // The second step compiles its graph; from then on each step releases what the one before kept.
        Assert.Equal(LongClip, live.Count);
        Assert.All(live.Skip(2), count => Assert.Equal(live[1], count));
    }

    [Fact]
    public void Caches_OfALaterStep_LeaveAsTheyCame()
    {
        foreach (var graph in (Func<VaeConfig, Graphs.GraphOptions, Graphs.OnnxGraph>[])[WanVae.EncodeNext, WanVae.DecodeNext])
        {
            var step = graph(_network.VaeConfig(), new Graphs.GraphOptions());
            var entering = step.Inputs.Skip(1).ToDictionary(cache => cache.Name + WanVae.NextSuffix, cache => cache.Shape);
            var leaving = step.Outputs.Where(output => output.Name.EndsWith(WanVae.NextSuffix, StringComparison.Ordinal)).ToList();

            Assert.NotEmpty(leaving);
            Assert.Equal(entering.Count, leaving.Count);
            Assert.All(leaving, cache => Assert.Equal(entering[cache.Name], cache.Shape));
        }
    }

    [Fact]
    public void EncodeAndDecode_OfABatchOfTwo_MatchTwoBatchesOfOne()
    {
        using var clips = Random([2, 3, 5, 16, 24]);
        using var latents = _vae.Encode(clips, Cancellation);
        using var frames = Join(_vae.Decode(latents, Cancellation));
        for (var i = 0; i < 2; i++)
        {
            using var latentsAlone = _vae.Encode(clips.Slice(i, 1), Cancellation);
            using var framesAlone = Join(_vae.Decode(latents.Slice(i, 1), Cancellation));

            WanTransformerTests.AssertClose("latents", latentsAlone.Read<float>(), latents.Slice(i, 1).Read<float>(), BatchTolerance);
            WanTransformerTests.AssertClose("frames", framesAlone.Read<float>(), frames.Slice(i, 1).Read<float>(), BatchTolerance);
        }
    }

    [Fact]
    public void Decode_OfClipsAtTheSameTime_GivesEachItsOwnFrames()
    {
        using var latents = Random([4, 16, 3, 2, 2]);
        var alone = Enumerable.Range(0, 4).Select(i => Frames(_vae, latents.Slice(i, 1))).ToList();
        var together = new float[4][];

        Parallel.For(0, 4, i => together[i] = Frames(_vae, latents.Slice(i, 1)));

        Assert.Equal(alone, together);
    }

    [Fact]
    public void Decode_WithWeightsOfHalfPrecision_MatchesTheSameWeightsWidened()
    {
        using var folder = new Folder();
        var half = _network.Weights.Tensors.ToDictionary(weight => weight.Key, weight => weight.Value.ConvertTo(DType.F16));
        SafetensorsWriter.Write(folder.Path("half"), half, cancellationToken: Cancellation);
        SafetensorsWriter.Write(
            folder.Path("single"),
            half.ToDictionary(weight => weight.Key, weight => weight.Value.ConvertTo(DType.F32)),
            cancellationToken: Cancellation
        );
        using var latents = Random([1, 16, 2, 2, 2]);

        Assert.Equal(FramesOf(folder.Path("single"), latents), FramesOf(folder.Path("half"), latents));
    }

    [Fact]
    public void Decode_CancelledBetweenSteps_EndsAndKeepsNothing()
    {
        using var runtime = OrtRuntime.Create(); // of its own: other tests run at the same time
        using var vae = new VaeRunner(runtime, _network.VaeConfig(), _network.Store);
        using var latents = Random([1, 16, 3, 2, 2]);
        vae.Decode(latents, Cancellation).ToList().ForEach(piece => piece.Dispose()); // compiles
        var before = runtime.Api.LiveObjects;
        using var cancellation = new CancellationTokenSource();
        using var frames = vae.Decode(latents, cancellation.Token).GetEnumerator();
        Assert.True(frames.MoveNext());
        frames.Current.Dispose();

        cancellation.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => frames.MoveNext());
        Assert.Equal(before, runtime.Api.LiveObjects);
    }

    [Fact]
    public void Dispose_AfterUse_ReleasesEverything()
    {
        using var runtime = OrtRuntime.Create(); // of its own: other tests run at the same time
        var before = runtime.Api.LiveObjects;
        using (var vae = new VaeRunner(runtime, _network.VaeConfig(), _network.Store))
        using (var clip = Random([1, 3, 5, 8, 8]))
        using (var latents = vae.Encode(clip, Cancellation))
        {
            vae.Decode(latents, Cancellation).First().Dispose();
            Assert.NotEqual(before, runtime.Api.LiveObjects);
        }

        Assert.Equal(before, runtime.Api.LiveObjects);
    }

    [Fact]
    public void Encode_OfAClipThatDoesNotFit_SaysWhatDoes()
    {
        var length = Assert.Throws<ArgumentException>(() => _vae.Encode(Random([1, 3, 4, 16, 16]), Cancellation));
        var size = Assert.Throws<ArgumentException>(() => _vae.Encode(Random([1, 3, 5, 16, 20]), Cancellation));

        Assert.Contains("1, 5, 9, … frames", length.Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 8", size.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_OfLatentsOfAnotherModel_SaysWhatIsExpected()
    {
        var error = Assert.Throws<ArgumentException>(() => _vae.Decode(Random([1, 48, 1, 2, 2]), Cancellation));

        Assert.Contains("[batch, 16, latent frames, height, width]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[1, 48, 1, 2, 2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_WithAnotherModelsCheckpoint_NamesTheWeightAndBothShapes()
    {
        using var vae = new VaeRunner(_runtime, _network.VaeConfig() with { Dim = 16 }, _network.Store);

        var error = Assert.Throws<CheckpointException>(() => vae.Decode(Random([1, 16, 1, 2, 2]), Cancellation).First());

        Assert.Contains("decoder.conv1.weight", error.Message, StringComparison.Ordinal);
        Assert.Contains("[32, 16, 3, 3, 3]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[64, 16, 3, 3, 3]", error.Message, StringComparison.Ordinal);
    }

    private static Tensor Random(Shape shape)
    {
        var random = new Random(1);
        return Tensor.CopyOf<float>(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (random.NextSingle() * 2) - 1)]);
    }

    private static Shape ShapeAndDispose(Tensor tensor)
    {
        using (tensor)
        {
            return tensor.Shape;
        }
    }

    private float[] FramesOf(string checkpoint, Tensor latents)
    {
        using var weights = new WeightStore(Checkpoint.Open(checkpoint));
        using var vae = new VaeRunner(_runtime, _network.VaeConfig(), weights);
        return Frames(vae, latents);
    }

    private static float[] Frames(VaeRunner vae, Tensor latents)
    {
        using var frames = Join(vae.Decode(latents, Cancellation));
        return NetworkFixture.Floats(frames);
    }

    /// <summary>A range of frames of one clip [1, channels, frames, height, width].</summary>
    private static float[] Frames(Tensor clip, int start, int count)
    {
        var positions = (int)(clip.Shape[3] * clip.Shape[4]);
        return
        [
            .. Enumerable
                .Range(0, (int)clip.Shape[1])
                .SelectMany(channel =>
                    clip.Read<float>().Slice(((channel * (int)clip.Shape[2]) + start) * positions, count * positions).ToArray()
                ),
        ];
    }

    /// <summary>Pieces [batch, channels, frames, height, width] joined along the frames; the pieces are disposed.</summary>
    private static Tensor Join(IEnumerable<Tensor> pieces)
    {
        var parts = pieces.ToList();
        var shape = parts[0].Shape;
        var positions = (int)(shape[3] * shape[4]);
        var frames = parts.Sum(part => part.Shape[2]);
        var values = new List<float>();
        for (var image = 0; image < shape[0] * shape[1]; image++)
        {
            foreach (var part in parts)
            {
                var length = (int)part.Shape[2] * positions;
                values.AddRange(part.Read<float>().Slice(image * length, length));
            }
        }

        parts.ForEach(part => part.Dispose());
        return Tensor.CopyOf<float>([shape[0], shape[1], frames, shape[3], shape[4]], values.ToArray());
    }

    private sealed class Folder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wansharp-");

        public string Path(string name) => System.IO.Path.Combine(_folder.FullName, $"{name}.safetensors");

        public void Dispose() => _folder.Delete(recursive: true);
    }

    /// <summary>The fixture's VAE, compiled once for all tests here.</summary>
    public sealed class CompiledVae : IAsyncLifetime
    {
        public CompiledVae(RuntimeFixture fixture) => Vae = new VaeRunner(fixture.Runtime, Network.VaeConfig(), Network.Store);

        internal NetworkFixture Network { get; } = NetworkFixture.Open("vae21");

        internal VaeRunner Vae { get; }

        public async ValueTask InitializeAsync()
        {
            await Vae.CompileEncoderAsync();
            await Vae.CompileDecoderAsync();
        }

        public ValueTask DisposeAsync()
        {
            Vae.Dispose();
            Network.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
