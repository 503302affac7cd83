using System.Text.Json;
using WanSharp.Media.Ffmpeg;
using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>Measures VMAF where ffmpeg has it (a build with libvmaf). Thread-safe.</summary>
public static class VmafJudge
{
    private const string Log = "vmaf.json";
    private const string Filter =
        "[0:v:0]settb=1/1000,setpts=N[judged];[1:v:0]settb=1/1000,setpts=N[wanted];[judged][wanted]libvmaf=log_fmt=json:log_path=" + Log;

    /// <summary>Whether an ffmpeg has the filter.</summary>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    public static async Task<bool> IsThereAsync(string? ffmpeg, CancellationToken cancellationToken)
    {
        if (ffmpeg is null)
        {
            return false;
        }

        var process = FfmpegProcess.Start(ffmpeg, ["-filters"]);
        await using var processEnd = process.ConfigureAwait(false);
        using var registration = process.KillOn(cancellationToken);
        process.CloseInput();
        using var reader = new StreamReader(process.Output);
        var filters = await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        await process.FinishAsync($"{ffmpeg} does not list its filters", cancellationToken).ConfigureAwait(false);
        return filters.Contains(" libvmaf ", StringComparison.Ordinal);
    }

    /// <summary>The mean VMAF of a clip's frames: 0 to 100, by Netflix's standard model, made to judge scaling and codecs.</summary>
    /// <param name="ffmpeg">A program that <see cref="IsThereAsync"/> said has it.</param>
    /// <param name="path">The clip that is judged.</param>
    /// <param name="reference">The clip that it should equal, of the same size.</param>
    /// <param name="cancellationToken">Stops ffmpeg.</param>
    /// <exception cref="MediaException">A clip cannot be read by ffmpeg, or their sizes differ.</exception>
    public static async Task<double> MeasureAsync(string ffmpeg, string path, string reference, CancellationToken cancellationToken)
    {
        using var folder = WorkFolder.CreateTemporary();
        try
        {
            string[] arguments = [.. FfmpegInput.Arguments(path), .. FfmpegInput.Arguments(reference), "-lavfi", Filter, "-f", "null", "-"];
            var process = FfmpegProcess.Start(ffmpeg, arguments, folder.Path);
            await using (process.ConfigureAwait(false))
            {
                using var registration = process.KillOn(cancellationToken);
                process.CloseInput();
                await process.FinishAsync($"VMAF of {path} cannot be measured", cancellationToken).ConfigureAwait(false);
            }

            using var log = JsonDocument.Parse(await PlainFile.ReadAllBytesAsync(folder[Log], cancellationToken).ConfigureAwait(false));
            return log.RootElement.GetProperty("pooled_metrics").GetProperty("vmaf").GetProperty("mean").GetDouble();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FileNotFoundException)
        {
            throw new MediaException($"VMAF of {path} cannot be measured: {ffmpeg} wrote no result.", exception);
        }
    }
}
