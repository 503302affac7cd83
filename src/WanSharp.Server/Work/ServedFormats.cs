using WanSharp.Hosting;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Server.Work;

/// <summary>The formats of clips that the server writes: what is offered, and what is taken, comes from here. Thread-safe.</summary>
/// <param name="options">What makes the clips.</param>
/// <param name="host">Where ffmpeg is.</param>
/// <param name="holder">The backend, which knows best once it is open.</param>
internal sealed class ServedFormats(ServerOptions options, WanHost host, BackendHolder holder)
{
    /// <summary>The formats that clips can be asked for in, as extensions with dots.</summary>
    public IReadOnlyList<string> All =>
        holder.Opened?.Jobs.Formats ?? (options.Backend.Comfy is null ? OutputTarget.Formats : MediaTypes.ClipFormats);

    /// <summary>Those that clips are written in: without ffmpeg fewer.</summary>
    public IReadOnlyList<string> Written =>
        options.Backend.Comfy is not null || host.FindFfmpeg() is not null
            ? All
            : [.. All.Where(format => WithoutFfmpeg.CanWrite(OutputTarget.Parse("clip" + format).Kind))];

    /// <summary>The format of clips that ask for none.</summary>
    public string Usual => holder.Opened?.Format ?? options.Format;

    /// <summary>Refuses a format that is not written here.</summary>
    /// <exception cref="InvalidRequestException">It is not.</exception>
    public void Require(string format)
    {
        if (!All.Contains(format))
        {
            throw new InvalidRequestException(
                "format",
                $"The format is one of {string.Join(", ", All.Select(one => one[1..]))}, not '{format.TrimStart('.')}'."
            );
        }
    }
}
