using WanSharp.Engine.Requests;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>How a camera moves: by names of moves, or as a file says it.</summary>
/// <param name="Moves">The moves; empty for a file.</param>
/// <param name="Speed">How far they go.</param>
/// <param name="File">The file; null for moves.</param>
internal sealed record CameraPlan(string Moves, double Speed, ControlFile? File)
{
    /// <summary>What a request asks for; null where it asks for nothing.</summary>
    /// <exception cref="InvalidRequestException">There is no such move and no such file, or a file is given a speed.</exception>
    public static CameraPlan? Of(ClipSettings request, IReadOnlyList<string> folders)
    {
        if (request.Camera is not { } text)
        {
            return request.CameraSpeed is null
                ? null
                : throw new InvalidRequestException(
                    ControlFields.CameraSpeed.Label,
                    "--camera-speed needs --camera: give both, or neither."
                );
        }

        var speed = ControlFields.CameraSpeed.Require(request.CameraSpeed ?? 1);
        if (CameraMoves.AreMoves(text))
        {
            return text.Split(CameraMoves.Separator).Length <= CameraMoves.Most
                ? new CameraPlan(text, speed, File: null)
                : throw new InvalidRequestException("camera", $"'{text}' are more than {CameraMoves.Most} moves at once: leave some out.");
        }

        var (file, problem) = Find(text, folders);
        return file switch
        {
            null => throw new InvalidRequestException(
                "camera",
                $"{problem} Moves are {string.Join(", ", CameraMoves.Names)}, or several joined by {CameraMoves.Separator}."
            ),
            { Part: not { From: 0, To: null } } => throw new InvalidRequestException(
                "camera",
                $"{text}: a file of cameras has a line for each frame, and no seconds: leave out what follows the @."
            ),
            _ when request.CameraSpeed is not null => throw new InvalidRequestException(
                ControlFields.CameraSpeed.Label,
                $"{text} says where the camera is in each frame, so that no speed is left to choose: leave --camera-speed out."
            ),
            _ => new CameraPlan("", speed, file),
        };
    }

    /// <summary>What the clip embeds.</summary>
    public UsedClip ToUsed(FileDigests? digests) => File?.ToUsed(digests) ?? new UsedClip(Moves, "");

    private static (ControlFile? File, string Problem) Find(string text, IReadOnlyList<string> folders)
    {
        try
        {
            return (ControlFile.Find("camera", text, folders), "");
        }
        catch (InvalidRequestException e)
        {
            return (null, e.Message);
        }
    }
}
