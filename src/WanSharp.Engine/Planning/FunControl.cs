using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>What clips of VideoX-Fun's models are made after: a control with a reference picture, or a camera; InP takes neither.</summary>
internal static class FunControl
{
    private static readonly string[] OfControl = ["control", "control_from", "reference"];
    private static readonly string[] OfCamera = ["camera", "camera_speed"];

    /// <summary>What a request asks for.</summary>
    /// <exception cref="InvalidRequestException">The model takes something else, or cannot do without what is missing.</exception>
    public static ControlPlan Of(ClipSettings request, WanModel model, FrameRect frame, IReadOnlyList<string> folders, bool require)
    {
        var network = model.Transformer;
        string[] takes =
            network.CameraStride is not null ? OfCamera
            : !network.JoinsControl ? []
            : network.TakesReference ? OfControl
            : OfControl[..2];
        if (ControlFields.All.FirstOrDefault(field => field.Get(request) is not null && !takes.Contains(field.Name)) is { } asked)
        {
            throw new InvalidRequestException(asked.Label, Refusal(asked, model, takes));
        }

        if (request is { Control: null, ControlFrom: not null })
        {
            throw new InvalidRequestException("control-from", "--control-from needs --control: give both, or neither.");
        }

        var references = request.References?.Split(LoraUse.Separator, StringSplitOptions.TrimEntries) ?? [];
        if (references.Length > 1)
        {
            throw new InvalidRequestException(
                "reference",
                $"{references.Length} pictures were given, and {model.Name} takes one: leave the others out."
            );
        }

        var plan = new ControlPlan
        {
            IsFun = true,
            Video = request.Control is { } video ? ControlFile.Find("control", video, folders) : null,
            Source = ControlPlan.OneOf("control-from", request.ControlFrom, ControlFields.Sources),
            References = [.. references.Select(one => ControlPlan.Reference(one, folders))],
            ReferenceFrames = network.TakesReference ? 1 : 0,
            Camera = CameraPlan.Of(request, folders),
            Place = frame,
        };
        if (require)
        {
            RequireWanted(plan, model);
        }

        return plan;
    }

    /// <summary>The official code runs a control model without a control, too, but has nothing to say of what that makes.</summary>
    private static void RequireWanted(ControlPlan plan, WanModel model)
    {
        if (model.Transformer.JoinsControl && plan.Video is null)
        {
            throw new InvalidRequestException(
                "control",
                $"{model.Name} makes clips that move as another one does: give that one (--control depth.mp4, or any clip and "
                    + "--control-from canny)."
            );
        }

        if (model.Transformer.CameraStride is not null && plan.Camera is null)
        {
            throw new InvalidRequestException(
                "camera",
                $"{model.Name} makes clips after a camera: say how it moves (--camera {string.Join(", ", CameraMoves.Names)}, or a file)."
            );
        }
    }

    private static string Refusal(SettingField asked, WanModel model, string[] takes)
    {
        var does =
            takes.Length == 0 ? "makes clips of a first and a last frame (--image, --last-image)"
            : takes == OfCamera ? "follows a camera (--camera)"
            : "follows a control (--control)";
        var other = asked.Name switch
        {
            "camera" or "camera_speed" => "a Fun Camera model (--model fun-camera-1.3b)",
            "control" or "control_from" => "a Fun Control model (--model fun-control-1.3b) or a VACE model (--model vace-1.3b)",
            _ => "a VACE model (--model vace-1.3b)",
        };
        return $"{model.Name} {does}, and takes no --{asked.Label}: leave it out, or use {other}.";
    }
}
