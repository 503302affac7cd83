namespace WanSharp.Tools.Profile;

/// <summary>Makes a tree of spans: one lies within another of its lane if its time does.</summary>
internal static class FlameTree
{
    private const string Root = "all";

    /// <summary>The tree of the lanes that compute.</summary>
    public static FlameNode Of(IEnumerable<ProfiledSpan> spans)
    {
        var root = new Node(Root);
        foreach (var lane in spans.GroupBy(span => span.Lane))
        {
            var open = new Stack<(Node Node, double End)>();
            foreach (var span in lane.OrderBy(span => span.Start).ThenByDescending(span => span.Seconds))
            {
                while (open.TryPeek(out var top) && top.End < span.End)
                {
                    open.Pop();
                }

                var node = (open.TryPeek(out var parent) ? parent.Node : root).Child(span.Name);
                node.Add(span.Seconds);
                open.Push((node, span.End));
            }
        }

        return root.Frozen();
    }

    private sealed class Node(string name)
    {
        private readonly Dictionary<string, Node> _children = [];
        private double _seconds;
        private int _count;

        public Node Child(string child) => _children.TryGetValue(child, out var known) ? known : _children[child] = new Node(child);

        public void Add(double seconds) => (_seconds, _count) = (_seconds + seconds, _count + 1);

        public FlameNode Frozen()
        {
            List<FlameNode> children = [.. _children.Values.Select(child => child.Frozen()).OrderByDescending(child => child.Seconds)];
            return new FlameNode(name, _count == 0 ? children.Sum(child => child.Seconds) : _seconds, Math.Max(1, _count), children);
        }
    }
}
