using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Cli.Terminal.Pictures;
using WanSharp.Engine;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>The option that shows a clip while it is denoised.</summary>
internal sealed class PreviewOption
{
    private const string Terminal = "terminal";

    private static readonly Dictionary<string, PictureProtocol> Protocols = new(StringComparer.Ordinal)
    {
        ["kitty"] = PictureProtocol.Kitty,
        ["sixel"] = PictureProtocol.Sixel,
        ["iterm2"] = PictureProtocol.Iterm2,
        ["blocks"] = PictureProtocol.HalfBlocks,
    };

    private readonly Option<string?> _option = new("--preview")
    {
        Description =
            "Show each step's estimate of the clip: in a file that each step rewrites (.gif, .webp, .png), or on the "
            + $"terminal: {Terminal} picks what it supports (or {string.Join(", ", Protocols.Keys)}).",
        HelpName = $"FILE|{Terminal}",
    };

    public void AddTo(Command command) => command.Options.Add(_option);

    /// <summary>Whether a preview is asked for.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_option) is not null;

    /// <summary>Where the preview goes; null for none. Whether a file can be written is found out now.</summary>
    public async Task<OutputTarget?> FileAsync(ParseResult parsed, string? ffmpeg, OutputTarget clip, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_option) is not { } value || value == Terminal || Protocols.ContainsKey(value))
        {
            return null;
        }

        if (!OutputTarget.TryParse(value, out var target, out var error))
        {
            throw new InvalidRequestException("preview", $"{error} Or ask for --preview {Terminal}.");
        }

        if (FileFacts.AreOne(target.FullPath, clip.FullPath))
        {
            throw new InvalidRequestException("preview", $"{target.FullPath} is the clip itself: name another file for the preview.");
        }

        VideoWriter.Require(target);
        await EncoderCheck.RequireAsync(ffmpeg, target.Kind, cancellationToken);
        return target;
    }

    /// <summary>What shows previews; null if none is requested, or nothing could show them.</summary>
    public Func<PreviewFrames, CancellationToken, ValueTask>? Read(
        ParseResult parsed,
        CliEnvironment environment,
        string? ffmpeg,
        OutputTarget? file,
        ClipFormat clip
    )
    {
        if (parsed.GetValue(_option) is not { } value)
        {
            return null;
        }

        if (file is not null)
        {
            return new PreviewFile(ffmpeg, file, clip).ShowAsync;
        }

        if (!environment.IsInteractive)
        {
            environment.Error.WriteLine("preview: standard error is not a terminal, so none is shown; name a file to have one");
            return null;
        }

        var protocol = value == Terminal ? TerminalPicture.Detect(environment.Variable) : Protocols[value];
        return new PreviewScreen(environment, protocol).ShowAsync;
    }
}
