using WanSharp.Engine.Sampling;
using static WanSharp.Engine.Requests.FieldForms;

namespace WanSharp.Engine.Requests;

/// <summary>
/// The rows of <see cref="SettingFields"/> for models that follow a control (VACE, Fun Control) or a camera (Fun Camera).
/// </summary>
internal static class ControlFields
{
    /// <summary>What <c>--mask</c> says instead of a file: all of the control is kept, and only what it does not show is made.</summary>
    public const string Keep = "keep";

    /// <summary>What the network is shown where a mask is white: nothing, or what the control shows there.</summary>
    public static IReadOnlyList<string> Shown { get; } = [Grey, "control"];

    /// <summary>Nothing is shown: it is made after the prompt.</summary>
    public const string Grey = "grey";

    /// <summary>What can be made of a control video before it is followed.</summary>
    public static IReadOnlyList<string> Sources { get; } = ["canny", "luma"];

    /// <summary>How strongly the control is followed.</summary>
    public static SettingField Strength { get; } =
        Number(
            "control_strength",
            "X",
            "How strongly to follow --control and --reference. Default: 1.",
            0.0,
            2.0,
            s => s.ControlStrength,
            (s, v) => s with { ControlStrength = v },
            r => r.ControlStrength
        );

    /// <summary>How far the camera's moves go.</summary>
    public static SettingField CameraSpeed { get; } =
        Number(
            "camera_speed",
            "X",
            "How far the moves of --camera go in a clip, as a factor. Default: 1.",
            0.0,
            10.0,
            s => s.CameraSpeed,
            (s, v) => s with { CameraSpeed = v },
            r => r.CameraSpeed
        );

    /// <summary>All of them, in the order of help.</summary>
    public static IReadOnlyList<SettingField> All { get; } =
    [
        Clips(
            "control",
            "FILE[@FROM-TO]",
            "The clip to follow (depth, pose, edges, …), or to fill in and extend with --mask; for models that take one "
                + "(VACE, Fun Control). Its seconds may be chosen: depth.mp4@2-5.",
            "a clip or a picture, and its seconds if not all are meant, such as depth.mp4@2-5",
            s => s.Control,
            (s, v) => s with { Control = v },
            r => r.Control?.Requested
        ),
        Text(
            "control_from",
            "NAME",
            "Which signal to take from --control: canny (edges) or luma (brightness). Default: the clip as it is.",
            Sources,
            s => s.ControlFrom,
            (s, v) => s with { ControlFrom = v },
            r => r.ControlFrom
        ),
        Strength,
        Clips(
            "mask",
            $"FILE[@FROM-TO]|{Keep}",
            $"The part of --control to regenerate: the white areas of this clip or picture. {Keep}: regenerate none of it; only what "
                + "follows it and what is around it. Default: all of it.",
            $"a clip or a picture, or {Keep}",
            s => s.Mask,
            (s, v) => s with { Mask = v },
            r => r.Mask?.Requested
        ),
        Text(
            "mask_shows",
            "NAME",
            $"What to follow where --mask is white: {Grey} (nothing; for inpainting) or control (what --control shows there). Default: "
                + $"{Grey}; with --control-from, what that makes.",
            Shown,
            s => s.MaskShows,
            (s, v) => s with { MaskShows = v },
            r => r.MaskShows
        ),
        Value<NumberList>(
            "outpaint",
            "L,T,R,B",
            "How far to extend the frame beyond --control, as shares of the frame: left, top, right, bottom.",
            "four shares from 0 to below 1, such as 0.25,0,0.25,0",
            "0.25,0,0.25,0",
            s => s.Outpaint,
            (s, v) => s with { Outpaint = v },
            r => r.Outpaint
        ),
        Clips(
            "reference",
            "FILE",
            "A picture of what the clip shows, for models that take some (VACE, Fun Control); VACE takes several, each with an option of "
                + "its own.",
            "a picture",
            s => s.References,
            (s, v) => s with { References = v },
            r => r.References is { Count: > 0 } used ? string.Join(LoraUse.Separator, used.Select(one => one.Name)) : null,
            isList: true
        ),
        Clips(
            "camera",
            "MOVE[+MOVE]|FILE",
            $"How the camera moves, for models that follow one (Fun Camera): {string.Join(", ", CameraMoves.Names)}, or several joined "
                + "by +; or a file with the camera of each frame.",
            $"{string.Join(", ", CameraMoves.Names)}, some of them joined by +, or a file",
            s => s.Camera,
            (s, v) => s with { Camera = v },
            r => r.Camera?.Requested
        ),
        CameraSpeed,
    ];
}
