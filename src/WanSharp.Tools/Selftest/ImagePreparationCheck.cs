using WanSharp.Media.Images;

namespace WanSharp.Tools.Selftest;

/// <summary>Sizes, scales and quantizes pictures as the original pipelines do.</summary>
internal sealed class ImagePreparationCheck : IFixtureCheck
{
    private const int Stride = 32; // pixels to a patch, in every model of the fixture

    public bool Handles(Fixture fixture) => fixture.Kind == "image-preprocess";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Comparison>>([
            Sizes(
                fixture,
                "best_output_size",
                row => Pair(ImageSizes.BestOutputSize((int)row[0], (int)row[1], (int)row[2], (int)row[3], (int)row[4]))
            ),
            Sizes(fixture, "i2v_latent_size", row => Pair(ImageSizes.ImageToVideoLatentSize((int)row[0], (int)row[1], (int)row[2]))),
            .. Enumerable.Range(0, (int)fixture["in.max_area"].Shape[0]).SelectMany(i => Prepared(fixture, i, cancellationToken)),
            Quantized(fixture),
        ]);

    private static Comparison Sizes(Fixture fixture, string name, Func<long[], long[]> sizeOf)
    {
        var requests = fixture[$"in.{name}"];
        long[] sizes = [.. requests.Read<long>().ToArray().Chunk((int)requests.Shape[1]).SelectMany(sizeOf)];
        return Comparison.Exact($"out.{name}", sizes, fixture[$"out.{name}"].Read<long>());
    }

    private static IEnumerable<Comparison> Prepared(Fixture fixture, int index, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var image = fixture.Image($"in.image.{index}");
        var (width, height) = ImageSizes.BestOutputSize(
            image.Width,
            image.Height,
            Stride,
            Stride,
            (int)fixture["in.max_area"].Read<long>()[index]
        );
        var covered = ImageTensors.Cover(image, width, height);
        yield return Comparison.Of(
            $"out.lanczos.{index}",
            Levels(covered.Pixels),
            Levels(fixture[$"out.lanczos.{index}"].Read<byte>()),
            FixtureLimits.LanczosLevels
        );

        // What is widened is the fixture's own, so that a level more or less does not count twice.
        using var widened = ImageTensors.ToTensor(fixture.Image($"out.lanczos.{index}"));
        yield return Comparison.Of(
            $"out.tensor.{index}",
            widened.Read<float>(),
            fixture[$"out.tensor.{index}"].Read<float>(),
            FixtureLimits.Bicubic
        );

        var expected = fixture[$"out.bicubic.{index}"];
        using var tensor = ImageTensors.ToTensor(image);
        using var resized = ImageTensors.ResizeBicubic(tensor, (int)expected.Shape[2], (int)expected.Shape[1]);
        yield return Comparison.Of($"out.bicubic.{index}", resized.Read<float>(), expected.Read<float>(), FixtureLimits.Bicubic);
    }

    private static Comparison Quantized(Fixture fixture)
    {
        var (video, expected) = (fixture["in.video_for_u8"], fixture["out.video_u8"]);
        var bytes = new byte[expected.ByteLength]; // [frames, height, width, 3]
        var (frames, length) = ((int)expected.Shape[0], bytes.Length / (int)expected.Shape[0]);
        for (var frame = 0; frame < frames; frame++)
        {
            ImageTensors.ToRgb24(video, frame, bytes.AsSpan(frame * length, length));
        }

        return Comparison.Of("out.video_u8", Levels(bytes), Levels(expected.Read<byte>()), limit: 0);
    }

    private static long[] Pair((int First, int Second) size) => [size.First, size.Second];

    private static float[] Levels(ReadOnlySpan<byte> bytes) => [.. bytes.ToArray().Select(level => (float)level)];
}
