using System.Globalization;
using WanSharp.Graphs.Networks;
using WanSharp.Hosting.Outputs;
using WanSharp.Models;
using WanSharp.Models.Layout;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>What a checkpoint holds, for people and for programs.</summary>
internal static class CheckpointText
{
    private const string Unknown = "no network of Wan's";

    /// <summary>
    /// One line for each network, then types and size, how much of it is prepared, and what it would run with; the problem last.
    /// </summary>
    public static string Describe(NetworkFile file, ModelFinder finder, PreparedBlocks? prepared = null)
    {
        List<string> lines = [PlainText.OneLine(file.Path)];
        lines.AddRange(Networks(file).Select(network => $"  {network}"));
        if (file.Variant is { } variant)
        {
            lines.Add($"  runs as {variant}{(file.Noise is { } noise ? $", its expert for {noise} noise" : "")}");
        }

        if (file.Lora is { } lora)
        {
            lines.Add($"  {lora}");
        }

        if (file is { IsKnown: false, Problem: null })
        {
            lines.Add($"  {Unknown}");
        }

        if (file.TensorCount > 0)
        {
            lines.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {file.TensorCount} tensors of {string.Join(", ", file.DTypes)}, {ByteSize.Text(file.Length)}"
                )
            );
        }

        if (prepared is not null)
        {
            lines.Add(
                prepared.Ready == 0
                    ? "  prepared: nothing; --precision int8 prepares 8-bit weights when it first runs"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"  prepared: int8 of {prepared.Ready} of {prepared.All} blocks, {ByteSize.Text(prepared.Bytes)} in the cache"
                    )
            );
        }

        if (file is { Transformer: not null, Problem: null })
        {
            var (taken, missing) = Take(file, finder);
            lines.Add(
                taken is null
                    ? $"  cannot run yet: {PlainText.OneLine(missing!)}"
                    : $"  with {PlainText.OneLine(taken.Describe(without: file.Path))}"
            );
            lines.AddRange((taken?.Notes ?? []).Select(note => $"  note: {PlainText.OneLine(note)}"));
        }

        if (file is { Reason: { } reason, Lora: null })
        {
            lines.Add($"  cannot be used: {PlainText.OneLine(reason)}");
        }

        return string.Join(Environment.NewLine, lines);
    }

    public static CheckpointOutput Output(NetworkFile file, ModelFinder finder, PreparedBlocks? prepared = null)
    {
        var (taken, missing) = file is { Transformer: not null, Problem: null } ? Take(file, finder) : default;
        return new CheckpointOutput(
            file.Path,
            [.. Networks(file), .. file.Lora is { } lora ? [lora] : Array.Empty<string>()],
            file.Variant,
            file.Noise,
            file.DTypes,
            file.TensorCount,
            file.Length,
            file.HasTokenizer,
            file.Lora is null ? file.Problem : null,
            prepared is null ? null : new PreparedOutput(new PreparedBlocksOutput(prepared.Ready, prepared.All, prepared.Bytes)),
            taken is null ? null : Files(taken),
            missing,
            taken?.Notes ?? []
        );
    }

    /// <summary>The files of a model, by part.</summary>
    public static IReadOnlyDictionary<string, string> Files(TakenParts parts) =>
        parts.All().ToDictionary(part => part.Part, part => part.Path);

    private static (TakenParts? Taken, string? Missing) Take(NetworkFile file, ModelFinder finder)
    {
        try
        {
            return (finder.Find(file.Path), null);
        }
        catch (CheckpointException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>What is other than in Wan's own VAE.</summary>
    private static string Widths(VaeConfig vae)
    {
        var own = vae.Kind == VaeKind.Wan22 ? VaeConfig.Wan22 : VaeConfig.Wan21;
        var width = vae.Dim == own.Dim ? "" : $", {vae.Dim} channels wide where Wan's own is {own.Dim}; for --vae or --decoder";
        return vae.FrameScale == 1 ? width : $"{width}, frames of {vae.FrameScale} times the size; for --decoder";
    }

    /// <summary>What one of VideoX-Fun's transformers takes.</summary>
    private static string FunText(TransformerConfig transformer)
    {
        var control =
            transformer.TakesReference ? "a control and a reference picture, "
            : transformer.JoinsControl ? "a control, "
            : transformer.CameraStride is not null ? "a camera, "
            : "";
        var name =
            transformer.CameraStride is not null ? "Camera"
            : transformer.JoinsControl ? "Control"
            : "InP";
        var images = transformer.JoinsMask ? "first and last frame" : "first frame";
        return $"{control}{images} to video (Fun {name}{(transformer.VisionDim is null ? "" : ", with CLIP")})";
    }

    private static IEnumerable<string> Networks(NetworkFile file)
    {
        if (file.Transformer is { } transformer)
        {
            var does = transformer.ModelType switch
            {
                ModelType.TextToVideo when transformer.ControlBlocks > 0 => "text to video after a control (VACE)",
                ModelType.TextToVideo => "text to video",
                ModelType.TextImageToVideo => "text and image to video (ti2v)",
                ModelType.FirstLastFrameToVideo => "first and last frame to video",
                ModelType.Fun => FunText(transformer),
                _ => transformer.VisionDim is null ? "image to video (Wan 2.2)" : "image to video (Wan 2.1, with CLIP)",
            };
            yield return $"Wan transformer, {does}, {transformer.Layers} layers of {transformer.Dim}, {transformer.InChannels} "
                + $"channels in, {transformer.OutChannels} out";
        }

        if (file.TextEncoder is { } text)
        {
            yield return $"umT5 text encoder, {text.Layers} layers of {text.Dim}{(file.HasTokenizer ? ", with its tokenizer" : "")}";
        }

        if (file.Vae is { } vae)
        {
            yield return $"{(vae.Kind == VaeKind.Wan22 ? "Wan 2.2" : "Wan 2.1")} VAE, {vae.LatentChannels} latent "
                + $"channels at 1/{vae.SpatialStride} of the size{Widths(vae)}";
        }

        if (file.TinyVae is { } tiny)
        {
            yield return $"tiny autoencoder (TAEHV), {(tiny.HasEncoder ? "decoder and encoder" : "decoder alone")}, {tiny.LatentChannels} "
                + $"latent channels at 1/{tiny.SpatialStride} of the size; for --decoder{(tiny.HasEncoder ? " and --encoder" : "")}";
        }

        if (file.Upscaler is { } upscaler)
        {
            var (network, layers) = upscaler.Kind switch
            {
                UpscalerKind.Compact => ("SRVGGNetCompact", $"{upscaler.Blocks + 2} convolutions"),
                UpscalerKind.Span => ("SPAN", $"{upscaler.Blocks} blocks"),
                _ => ("RRDBNet", $"{upscaler.Blocks} blocks"),
            };
            yield return $"upscaler ({network}), {layers} of "
                + $"{upscaler.Features} channels, frames of {upscaler.Scale} times the size; for --upscale";
        }

        if (file.Interpolator is { } interpolator)
        {
            yield return $"RIFE {interpolator.Versions}, which makes frames between frames, {interpolator.Widths.Count} blocks of "
                + $"{string.Join(", ", interpolator.Widths)} channels; for --interpolate";
        }

        if (file.VisionEncoder is { } vision)
        {
            yield return $"CLIP image encoder, {vision.Layers} layers of {vision.Dim}, images of {vision.ImageSize}x{vision.ImageSize}";
        }
    }
}
