using System.Text.RegularExpressions;
using WanSharp.Media.Ffmpeg;

namespace WanSharp.Media.Clips;

/// <summary>Refuses clips whose numbers mean other light than those of models and of what is written: HDR, as phones record it.</summary>
internal static partial class ClipColours
{
    /// <summary>Looks at how a clip says that it stores light.</summary>
    /// <param name="ffmpeg">The program that reads it.</param>
    /// <param name="path">The clip.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <exception cref="MediaException">It is HDR.</exception>
    public static async Task RequireAsync(string ffmpeg, string path, CancellationToken cancellationToken)
    {
        // The clip's tags come before what is looked for, and may be long: they are left out of what ffmpeg says last.
        var process = FfmpegProcess.Start(
            ffmpeg,
            [
                "-loglevel",
                "info",
                .. FfmpegInput.Arguments(path),
                "-map",
                "0:v:0",
                "-frames:v",
                "1",
                "-map_metadata",
                "-1",
                "-f",
                "null",
                "pipe:1",
            ]
        );
        await using var processEnd = process.ConfigureAwait(false);
        try
        {
            await process.FinishReadingAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaException)
        {
            return; // reading it says what is wrong
        }

        if (Transfer().Match(await process.Words.ConfigureAwait(false)) is { Success: true } transfer)
        {
            var name = transfer.Groups["name"].Value == "smpte2084" ? "PQ" : "HLG";
            throw new MediaException(
                $"{path} is HDR ({name}), which would be washed out: make "
                    + "it SDR first, as with ffmpeg -i IN -vf zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
                    + "tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p OUT.mp4."
            );
        }
    }

    [GeneratedRegex(@"^\s*Stream #.* Video: .*\b(?<name>smpte2084|arib-std-b67)\b", RegexOptions.Multiline)]
    private static partial Regex Transfer();
}
