import {
  BoldOutlined,
  ItalicOutlined,
  LinkOutlined,
  OrderedListOutlined,
  PictureOutlined,
  RedoOutlined,
  UndoOutlined,
  UnorderedListOutlined,
} from "@ant-design/icons";
import { Image } from "@tiptap/extension-image";
import { type Editor, EditorContent, useEditor, useEditorState } from "@tiptap/react";
import { StarterKit } from "@tiptap/starter-kit";
import { App, Button, Input, Upload } from "antd";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useFail } from "@/ui/useFail";
import { mediaUrl, upload } from "./media";
import type { Variable } from "./queries";
import { VariableMenu } from "./VariableMenu";

type Props = { label: string; value: string; onChange: (html: string) => void; variables: Variable[] };

/** Pictures are kept by the library's name and shown from its address. */
const ours = (html: string) => html.replaceAll(/\/api\/v1\/content\/media\/([0-9a-f]{32})/g, "media:$1");
const shown = (html: string) => html.replaceAll(/media:([0-9a-f]{32})/g, (name) => mediaUrl(name));

const EXTENSIONS = [
  StarterKit.configure({
    heading: { levels: [2, 3, 4] },
    link: { openOnClick: false, HTMLAttributes: { rel: null, target: null } },
  }),
  Image,
];

/** Rich text of a long article. The server keeps only what it knows to be harmless, whatever is pasted here. */
export function ArticleEditor({ label, value, onChange, variables }: Props) {
  const editor = useEditor({
    // Made once the page stands: one made while the page is drawn is taken away again where drawing takes long.
    immediatelyRender: false,
    extensions: EXTENSIONS,
    content: shown(value),
    editorProps: {
      attributes: { "aria-label": label, "aria-multiline": "true", role: "textbox", class: "article-words" },
    },
    onUpdate: ({ editor: now }) => onChange(now.isEmpty ? "" : ours(now.getHTML())),
  });
  // Another version was opened: its words come from outside.
  useEffect(() => {
    if (editor && ours(editor.getHTML()) !== value && !(editor.isEmpty && !value))
      editor.commands.setContent(shown(value), { emitUpdate: false });
  }, [editor, value]);
  if (!editor) return null;
  return (
    <div className="article-editor">
      <p className="field-label">{label}</p>
      <Tools editor={editor} variables={variables} />
      <EditorContent editor={editor} />
    </div>
  );
}

function Tools({ editor, variables }: { editor: Editor; variables: Variable[] }) {
  const { t } = useTranslation();
  const fail = useFail();
  const { modal } = App.useApp();
  const on = useEditorState({
    editor,
    selector: ({ editor: now }) => ({
      bold: now.isActive("bold"),
      italic: now.isActive("italic"),
      h2: now.isActive("heading", { level: 2 }),
      h3: now.isActive("heading", { level: 3 }),
      bullets: now.isActive("bulletList"),
      numbers: now.isActive("orderedList"),
      quote: now.isActive("blockquote"),
      link: now.isActive("link"),
      undo: now.can().undo(),
      redo: now.can().redo(),
    }),
  });
  const run = () => editor.chain().focus();
  const link = () => {
    let address = String(editor.getAttributes("link").href ?? "");
    modal.confirm({
      title: t("content.link_address"),
      content: (
        <Input
          defaultValue={address}
          placeholder="https://"
          aria-label={t("content.link_address")}
          onChange={(e) => {
            address = e.target.value.trim();
          }}
        />
      ),
      okText: t("ui.save"),
      cancelText: t("ui.cancel"),
      onOk: () => {
        if (address) run().extendMarkRange("link").setLink({ href: address }).run();
        else run().extendMarkRange("link").unsetLink().run();
      },
    });
  };
  const picture = async (file: File) => {
    try {
      const media = await upload(file, () => undefined);
      run()
        .setImage({ src: mediaUrl(media.media), alt: media.name })
        .run();
    } catch (error) {
      fail(error);
    }
  };
  return (
    <div className="row article-tools" role="toolbar" aria-label={t("content.article_tools")}>
      <Tool name={`H1 ${t("content.tool_h2")}`} on={on.h2} onClick={() => run().toggleHeading({ level: 2 }).run()}>
        H1
      </Tool>
      <Tool name={`H2 ${t("content.tool_h3")}`} on={on.h3} onClick={() => run().toggleHeading({ level: 3 }).run()}>
        H2
      </Tool>
      <Tool
        name={t("content.tool_bold")}
        on={on.bold}
        onClick={() => run().toggleBold().run()}
        icon={<BoldOutlined />}
      />
      <Tool
        name={t("content.tool_italic")}
        on={on.italic}
        onClick={() => run().toggleItalic().run()}
        icon={<ItalicOutlined />}
      />
      <Tool
        name={t("content.tool_bullets")}
        on={on.bullets}
        onClick={() => run().toggleBulletList().run()}
        icon={<UnorderedListOutlined />}
      />
      <Tool
        name={t("content.tool_numbers")}
        on={on.numbers}
        onClick={() => run().toggleOrderedList().run()}
        icon={<OrderedListOutlined />}
      />
      <Tool name={t("content.tool_quote")} on={on.quote} onClick={() => run().toggleBlockquote().run()}>
        ❝
      </Tool>
      <Tool name={t("content.tool_link")} on={on.link} onClick={link} icon={<LinkOutlined />} />
      <Upload
        accept="image/jpeg,image/png,image/gif,image/webp"
        showUploadList={false}
        beforeUpload={(file) => {
          void picture(file);
          return false;
        }}
      >
        <Tool name={t("content.tool_picture")} icon={<PictureOutlined />} />
      </Upload>
      <VariableMenu
        variables={variables}
        onInsert={(text) => run().insertContent({ type: "text", text }).run()}
        label={t("content.insert_variable_into", { field: t("content.field_html") })}
      />
      <Tool
        name={t("content.tool_undo")}
        disabled={!on.undo}
        onClick={() => run().undo().run()}
        icon={<UndoOutlined />}
      />
      <Tool
        name={t("content.tool_redo")}
        disabled={!on.redo}
        onClick={() => run().redo().run()}
        icon={<RedoOutlined />}
      />
    </div>
  );
}

type ToolProps = {
  name: string;
  on?: boolean;
  disabled?: boolean;
  onClick?: () => void;
  icon?: ReactNode;
  children?: ReactNode;
};

const Tool = ({ name, on, children, ...rest }: ToolProps) => (
  <Button size="small" type={on ? "primary" : "default"} aria-label={name} title={name} aria-pressed={on} {...rest}>
    {children}
  </Button>
);
