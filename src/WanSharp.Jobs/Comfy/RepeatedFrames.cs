using System.Globalization;
using System.Text.Json;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Finds nodes that make a clip longer than its samplers do: several clips at once, which are joined in one file, or one that is played
/// again. A number of frames that a job asks for would not be that of its file.
/// </summary>
/// <remarks>
/// Sources: ComfyUI nodes.py (RepeatLatentBatch), comfy_extras/nodes_images.py (RepeatImageBatch), nodes_hunyuan.py and nodes_wan.py
/// (batch_size); ComfyUI-VideoHelperSuite videohelpersuite/nodes.py (pingpong, loop_count).
/// </remarks>
internal static class RepeatedFrames
{
    /// <summary>Says of each such node why a number of frames cannot be set.</summary>
    /// <param name="nodes">The nodes that the clip depends on, and the one that saves it.</param>
    /// <param name="values">Their values.</param>
    /// <param name="frames">The inputs that hold the number of frames.</param>
    public static void Miss(IEnumerable<ComfyNode> nodes, WorkflowValues values, RoleInputs frames)
    {
        foreach (var node in nodes)
        {
            if (ClipSamplers.IsMeasured(node) && NumberOf(node, "batch_size") is > 1 and var clips)
            {
                frames.MissBeside(Text($"batch_size of {node} makes {clips} clips at once"));
            }

            if (node.ClassType.StartsWith("Repeat", StringComparison.Ordinal) && NumberOf(node, "amount") is > 1 and var times)
            {
                frames.MissBeside(Text($"amount of {node} repeats it {times} times"));
            }

            if (node.ClassType == "VHS_VideoCombine")
            {
                var isVideo = node.Inputs["format"].Text()?.StartsWith("video/", StringComparison.Ordinal) == true;
                if (node.Inputs["pingpong"]?.GetValueKind() == JsonValueKind.True)
                {
                    frames.MissBeside($"pingpong of {node} plays it backwards again");
                }
                else if (isVideo && NumberOf(node, "loop_count") is > 0 and var loops)
                {
                    frames.MissBeside(Text($"loop_count of {node} plays it {loops} times again"));
                }
            }
        }

        double? NumberOf(ComfyNode node, string name) => values.Number(node, name)?.Input is { } input ? values.NumberIn(input) : null;

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }
}
