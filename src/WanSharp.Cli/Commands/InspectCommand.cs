using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Films;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Recipes;
using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;
using WanSharp.Models;
using WanSharp.Models.Layout;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan inspect</c>: what made a clip, by whatever program, or what a checkpoint is.</summary>
internal sealed class InspectCommand(CliEnvironment environment)
{
    private const long LongestText = 16 << 20;
    private static readonly string[] TextExtensions = [".json", ".txt"];

    private readonly Argument<string> _file = new("file")
    {
        Description =
            "A clip or picture that `wan generate` wrote, or ComfyUI, Wan2GP, SwarmUI or A1111; a workflow or a file of settings of "
            + "theirs; or a checkpoint.",
    };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new InspectCommand(environment);
        var command = new Command(
            "inspect",
            "Print the settings that are embedded in a clip, including by other programs, and the command that makes it again, or what "
                + "networks a checkpoint holds."
        )
        {
            self._file,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan inspect clip.mp4",
            "wan inspect sheet.png --json",
            "wan inspect workflow.json",
            "wan inspect wan2.2_ti2v_5B_fp16.safetensors"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(_file)!;
        if (NetworkFile.HasCheckpointName(file))
        {
            return InspectCheckpoint(file, parsed.GetValue(_json));
        }

        var ffmpeg = environment.Host.FindFfmpeg();
        var isText = TextExtensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
        var embedded = isText ? null : await MetadataReader.ReadAsync(ffmpeg, file, cancellationToken);
        if (embedded is not null && FilmFile.FromEmbedded(embedded) is { } film)
        {
            environment.Out.WriteLine(parsed.GetValue(_json) ? embedded : FilmText.Describe(film, file));
            return ExitCode.Done;
        }

        if (embedded is null || GenerationSettings.FromJson(embedded) is not { } settings)
        {
            return InspectRecipe(
                file,
                isText ? ReadText(file) : await ReadTextsAsync(ffmpeg, file, cancellationToken),
                parsed.GetValue(_json)
            );
        }

        if (parsed.GetValue(_json))
        {
            environment.Out.WriteLine(settings.ToJson());
            return ExitCode.Done;
        }

        foreach (var (name, value) in Rows(settings))
        {
            environment.Out.WriteLine($"{name, -14} {PlainText.OneLine(value)}".TrimEnd());
        }

        environment.Out.WriteLine();
        environment.Out.WriteLine(
            settings is { Reused: null, Enhanced: null }
                ? "This command makes it again, bit for bit with the same version, provider and threads:"
                : "This command makes a clip close to it:"
        );
        environment.Out.WriteLine(GenerateCommandLine.For(settings, await OutputLikeAsync(ffmpeg, file, settings, cancellationToken)));
        return ExitCode.Done;
    }

    private static async Task<IEnumerable<(string Name, string Text)>> ReadTextsAsync(
        string? ffmpeg,
        string file,
        CancellationToken cancellationToken
    ) => (await EmbeddedTexts.ReadAsync(ffmpeg, file, cancellationToken)).Select(text => (text.Name, text.Text));

    private static IEnumerable<(string Name, string Text)> ReadText(string file) =>
        !File.Exists(file) ? throw new MediaException($"{file} does not exist: check the path.")
        : FileFacts.Of(file).Length is > LongestText and var length
            ? throw new MediaException($"{file} has {length} bytes: no workflow has more than {LongestText}.")
        : [("", PlainFile.ReadAllText(file))];

    private int InspectRecipe(string file, IEnumerable<(string Name, string Text)> texts, bool asJson)
    {
        var recipe =
            RecipeReader.Read(texts, file)
            ?? throw new MediaException(
                $"{file} holds no settings of WanSharp, ComfyUI, Wan2GP, SwarmUI or A1111: it was made by something else, or its metadata "
                    + "was removed."
            );
        var output = RecipeText.Output(recipe, environment.Host.HubModels.Aliases);
        environment.Out.WriteLine(asJson ? JsonText.Of(output) : RecipeText.Describe(output));
        return ExitCode.Done;
    }

    /// <summary>An output of the same kind as a file; a PNG of one frame's size is one of a sequence.</summary>
    private static async Task<string> OutputLikeAsync(
        string? ffmpeg,
        string file,
        GenerationSettings settings,
        CancellationToken cancellationToken
    )
    {
        var extension = Path.GetExtension(file);
        if ((settings.OutputFrames ?? settings.Frames) > 1 && extension.Equals(".png", StringComparison.OrdinalIgnoreCase))
        {
            var picture = await ImageReader.ReadAsync(ffmpeg, file, cancellationToken);
            if ((picture.Width, picture.Height) == (settings.OutputWidth ?? settings.Width, settings.OutputHeight ?? settings.Height))
            {
                return "again/";
            }
        }

        return $"again{extension}";
    }

    private int InspectCheckpoint(string file, bool asJson)
    {
        var finder = new ModelFinder();
        var network = finder.Read(file);
        if (network is { Reason: { } reason, IsKnown: false, Lora: null })
        {
            throw new CheckpointException(file, reason);
        }

        var prepared = network.FindPrepared(
            Quantization.EightBit,
            Path.Combine(environment.Host.Options.CacheFolder, CacheSections.Weights)
        );
        environment.Out.WriteLine(
            asJson ? JsonText.Of(CheckpointText.Output(network, finder, prepared)) : CheckpointText.Describe(network, finder, prepared)
        );
        return ExitCode.Done;
    }

    internal static IEnumerable<(string Name, string Value)> Rows(GenerationSettings settings)
    {
        var invariant = CultureInfo.InvariantCulture;
        yield return ("prompt", settings.Prompt);
        foreach (var row in SettingsText.Rows(settings))
        {
            yield return row;
        }

        if (SettingsText.Output(settings) is { } output)
        {
            yield return (output.How, output.Size);
        }

        if (settings.Reused is { } reused)
        {
            yield return (
                "began with",
                string.Create(invariant, $"{reused.Steps} steps of \"{reused.Prompt}\", similarity {reused.Similarity}")
            );
        }

        foreach (var image in settings.Images)
        {
            yield return ("image", $"latent frame {image.LatentFrame}, pixels sha256:{image.Sha256}");
        }

        foreach (var row in Files(settings))
        {
            yield return row;
        }

        yield return ("model", $"{settings.Model} sha256:{settings.ModelDigest}");
        if (settings.ModelFiles is { } files)
        {
            yield return ("files", string.Join(", ", files.Select(file => $"{file.Key} {file.Value}")));
        }

        var threads = settings.Execution?.Threads is { } count ? string.Create(invariant, $" with {count} threads") : "";
        var execution = settings.Execution is { } by ? $" on {by.Provider} in {by.Precision}{threads}" : "";
        yield return ("made by", $"WanSharp {settings.Version}{execution}");
    }

    private static IEnumerable<(string Name, string Value)> Files(GenerationSettings settings)
    {
        if (settings is { Interpolate: { } between, OutputFrames: { } shown })
        {
            yield return (
                "interpolated to",
                string.Create(CultureInfo.InvariantCulture, $"{shown} frames from {settings.Frames}, {between.FromFps} a second")
            );
            if (between.Sha256.Length > 0)
            {
                yield return ("interpolator file", $"sha256:{between.Sha256}");
            }
        }

        foreach (
            var (role, network) in new[] { ("decoder", settings.Decoder), ("encoder", settings.Encoder), ("upscaler", settings.Upscale) }
        )
        {
            if (network is not null)
            {
                yield return ($"{role} file", $"sha256:{network.Sha256}");
            }
        }
    }
}
