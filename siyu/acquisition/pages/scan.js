// Scanning is offered where the browser can; typing always works.
(() => {
  const button = document.getElementById("scan"), eye = document.getElementById("eye"), field = document.getElementById("code"), form = document.getElementById("look");
  if (!button || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      button.hidden = true;
      field.focus();
      return;
    }
    eye.srcObject = stream;
    eye.hidden = false;
    button.hidden = true;
    await eye.play();
    const detector = new BarcodeDetector({ formats: ["qr_code", "code_128"] });
    const look = async () => {
      if (!stream.active) return;
      const found = await detector.detect(eye).catch(() => []);
      const said = found.map((one) => one.rawValue.trim()).find((one) => /^[0-9A-Za-z -]{12,20}$/.test(one));
      if (said === undefined) return void setTimeout(look, 150);
      stream.getTracks().forEach((track) => track.stop());
      field.value = said;
      form.requestSubmit();
    };
    void look();
  });
})();
